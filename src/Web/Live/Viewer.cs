using System.Threading.Channels;

namespace PRTS.Web.Live;

/// <summary>One reader of a stream, with a bounded queue that drops the oldest when the reader is slow.</summary>
public sealed class Viewer<T>(int capacity, Func<T, bool>? wanted, Func<Viewer<T>, Task> leave) : IAsyncDisposable
{
    private readonly Channel<T> queue =
        Channel.CreateBounded<T>(new BoundedChannelOptions(capacity) { FullMode = BoundedChannelFullMode.DropOldest, SingleReader = true });

    public ChannelReader<T> Messages => queue.Reader;

    /// <summary>Waits for a message to be there.</summary>
    /// <returns>False when none came for so long.</returns>
    public async Task<bool> Wait(TimeSpan patience, TimeProvider time, CancellationToken cancellationToken)
    {
        using var limit = new CancellationTokenSource(patience, time);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        try
        {
            return await queue.Reader.WaitToReadAsync(both.Token);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return false;
        }
    }

    internal void Offer(T message)
    {
        if (wanted is null || wanted(message)) queue.Writer.TryWrite(message);
    }

    public async ValueTask DisposeAsync() => await leave(this);
}
