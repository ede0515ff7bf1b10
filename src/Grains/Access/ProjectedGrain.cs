using PRTS.Contracts.Agents;

namespace PRTS.Grains.Access;

/// <summary>
/// A grain whose whole state is shown by a read model: written first, then projected before the call returns. A crash between the two
/// heals at the next activation or call, so no caller was told that it is done. Without a state it takes over what the read model has
/// from before there were grains. The state's name is the grain's own: the storage tells rows apart by that name and the grain's key, and
/// a team has the key of a project.
/// </summary>
public abstract class ProjectedGrain<TState> : Grain where TState : class, IPersisted
{
    private readonly Cell<TState> cell;
    private bool projected;

    private protected ProjectedGrain(Cell<TState> cell) => this.cell = cell;

    protected TState Value => cell.Value;

    protected abstract Task Project(TState state);

    /// <summary>The state as the read model has it, or the same instance.</summary>
    protected abstract Task<TState> Adopt(TState empty);

    protected abstract bool IsEmpty(TState state);

    public override async Task OnActivateAsync(CancellationToken cancellationToken)
    {
        cell.Load();
        if (IsEmpty(cell.Value))
        {
            var adopted = await Adopt(cell.Value);
            await cell.Change(_ => adopted);
        }

        if (!IsEmpty(cell.Value)) await Show();
    }

    /// <summary>Whether it changed anything.</summary>
    protected async Task<bool> Change(Func<TState, TState> decide)
    {
        var changed = await cell.Change(decide);
        if (changed || !projected) await Show();
        return changed;
    }

    private async Task Show()
    {
        projected = false;
        await Project(cell.Value);
        projected = true;
    }
}
