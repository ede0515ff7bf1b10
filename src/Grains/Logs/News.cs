namespace PRTS.Grains.Logs;

/// <summary>Something that happens again and again, and that code of one grain waits for.</summary>
internal sealed class News
{
    private TaskCompletionSource next = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public void Fire()
    {
        var now = next;
        next = new(TaskCreationOptions.RunContinuationsAsynchronously);
        now.SetResult();
    }

    /// <summary>True when it happens within the time.</summary>
    public async Task<bool> Within(TimeSpan patience, TimeProvider time, CancellationToken cancellationToken = default)
    {
        var awaited = next.Task;
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var first = await Task.WhenAny(awaited, Task.Delay(patience, time, stop.Token));
        await stop.CancelAsync();
        return first == awaited;
    }
}
