using Orleans.Runtime;

namespace PRTS.Grains;

/// <summary>A state that is stored with the version of its shape.</summary>
public interface IPersisted
{
    const int KnownSchema = 1;

    int Schema { get; }
}

/// <summary>
/// A grain's persisted state, changed by pure functions, one change at a time. <see cref="Value"/> is always what was written last,
/// so effects that are derived from it never run ahead of the store. A failed write changes nothing here; when its outcome is
/// unknown, the next write meets an ETag conflict and the activation dies.
/// </summary>
internal sealed class Cell<T>(IPersistentState<T> storage) where T : class, IPersisted
{
    private Task turn = Task.CompletedTask;
    private T? value;

    public T Value => value ?? throw new InvalidOperationException("The state was not loaded.");

    /// <summary>At activation: takes over what was read.</summary>
    /// <exception cref="InvalidDataException">A newer program wrote it; writing it again would lose what this one does not know.</exception>
    public void Load() => value = storage.State.Schema <= IPersisted.KnownSchema
        ? storage.State
        : throw new InvalidDataException($"A stored {typeof(T).Name} has schema {storage.State.Schema}; this program knows up to {IPersisted.KnownSchema}. Run a newer PRTS.");

    /// <summary>Decides on the newest state and writes what came of it; false when nothing changed (the same instance came back).</summary>
    public async Task<bool> Change(Func<T, T> decide)
    {
        var mine = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var before = turn;
        turn = mine.Task;
        await before;
        try
        {
            var next = decide(Value);
            if (ReferenceEquals(next, Value)) return false;
            storage.State = next;
            await storage.WriteStateAsync();
            value = next;
            return true;
        }
        finally
        {
            mine.SetResult();
        }
    }
}
