using Orleans.Runtime;

namespace PRTS.Grains;

/// <summary>
/// A grain's persisted state, changed by pure functions, one change at a time. <see cref="Value"/> is always what was written last,
/// so effects that are derived from it never run ahead of the store. A failed write changes nothing here; when its outcome is
/// unknown, the next write meets an ETag conflict and the activation dies.
/// </summary>
internal sealed class Cell<T>(IPersistentState<T> storage) where T : class
{
    private Task turn = Task.CompletedTask;
    private T? value;

    public T Value => value ?? throw new InvalidOperationException("The state was not loaded.");

    /// <summary>At activation: takes over what was read.</summary>
    public void Load() => value = storage.State;

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
