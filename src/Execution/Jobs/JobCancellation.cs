namespace PRTS.Execution.Jobs;

/// <summary>Whether the job is to be canceled, and why; kept on disk for the next agent process. The first reason stands.</summary>
internal sealed class JobCancellation : IDisposable
{
    private readonly CancellationTokenSource source = new();
    private readonly TaskCompletionSource requested = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public JobCancellation(JobDirectory directory)
    {
        if (directory.CancelReason is { } reason)
            Request(reason);
    }

    public string? Reason { get; private set; }

    public bool IsRequested => requested.Task.IsCompleted;

    public Task Requested => requested.Task;

    public CancellationToken Token => source.Token;

    public void Request(string reason)
    {
        Reason ??= reason;
        if (requested.TrySetResult())
            source.Cancel();
    }

    public void Dispose() => source.Dispose();
}
