namespace PRTS.Execution.Supervision;

/// <summary>Wakes all that wait for any change. Take <see cref="Next"/> first, then look, then wait: no change is missed.</summary>
internal sealed class Signal
{
    private TaskCompletionSource next = New();

    public Task Next => Volatile.Read(ref next).Task;

    public void Fire() => Interlocked.Exchange(ref next, New()).TrySetResult();

    private static TaskCompletionSource New() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
