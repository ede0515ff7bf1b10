using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using System.Threading.Channels;
using Microsoft.Extensions.Logging;
using Orleans.Streams;
using PRTS.Contracts;
using PRTS.Contracts.Builds;

namespace PRTS.Web.Builds;

/// <summary>
/// Tells viewers in this process that builds changed: one subscription a tenant while it has viewers, fanned out to bounded queues.
/// News may be lost or come twice; whoever gets one reads the build again. After a silence, look again too.
/// </summary>
public sealed partial class BuildHub(IClusterClient cluster, ILogger<BuildHub> log) : IDisposable
{
    private readonly SemaphoreSlim gate = new(1);
    private readonly ConcurrentDictionary<string, Topic> topics = new(StringComparer.Ordinal);

    /// <summary>Changes of one build, or of all of the tenant when none is named. Ends only when it is canceled.</summary>
    public async IAsyncEnumerable<BuildChanged> Watch(string tenant, BuildId? build, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        await using var viewer = await Subscribe(tenant, build);
        await foreach (var change in viewer.Changes.ReadAllAsync(cancellationToken)) yield return change;
    }

    /// <summary>Returns when changes from now on will be seen.</summary>
    public async Task<BuildViewer> Subscribe(string tenant, BuildId? build)
    {
        var topic = topics.GetOrAdd(tenant, name => new Topic(name, cluster, gate, log));
        var viewer = new BuildViewer(build, topic.Remove);
        await topic.Add(viewer);
        return viewer;
    }

    public void Dispose() => gate.Dispose();

    /// <summary>One tenant's stream: subscribed by the first viewer, left by the last.</summary>
    private sealed class Topic(string tenant, IClusterClient cluster, SemaphoreSlim gate, ILogger log)
    {
        private readonly ConcurrentDictionary<BuildViewer, bool> viewers = new();
        private StreamSubscriptionHandle<BuildChanged>? subscription;

        public async Task Add(BuildViewer viewer)
        {
            viewers[viewer] = true;
            await gate.WaitAsync();
            try
            {
                subscription ??= await cluster.GetStreamProvider(Streams.Provider).GetStream<BuildChanged>(Streams.Build(tenant)).SubscribeAsync(Publish);
            }
            catch (Exception)
            {
                viewers.TryRemove(viewer, out _);
                throw;
            }
            finally
            {
                gate.Release();
            }
        }

        public async Task Remove(BuildViewer viewer)
        {
            viewers.TryRemove(viewer, out _);
            await gate.WaitAsync();
            try
            {
                if (!viewers.IsEmpty || subscription is not { } old) return;
                subscription = null;
                await old.UnsubscribeAsync();
            }
            catch (Exception failure) when (failure is not OutOfMemoryException)
            {
                // The cluster forgets a subscriber that does not answer; this viewer has gone either way.
                LogUnsubscribe(log, tenant, failure);
            }
            finally
            {
                gate.Release();
            }
        }

        private Task Publish(BuildChanged change, StreamSequenceToken? token)
        {
            foreach (var viewer in viewers.Keys) viewer.Offer(change);
            return Task.CompletedTask;
        }
    }

    [LoggerMessage(LogLevel.Warning, "Could not leave the stream of builds of tenant {Tenant}")]
    private static partial void LogUnsubscribe(ILogger log, string tenant, Exception failure);
}

/// <summary>A slow viewer loses the oldest news: the newest says all that is needed.</summary>
public sealed class BuildViewer(BuildId? build, Func<BuildViewer, Task> leave) : IAsyncDisposable
{
    private readonly Channel<BuildChanged> queue =
        Channel.CreateBounded<BuildChanged>(new BoundedChannelOptions(256) { FullMode = BoundedChannelFullMode.DropOldest, SingleReader = true });

    public ChannelReader<BuildChanged> Changes => queue.Reader;

    /// <summary>Waits for news and takes all that there are; returns too when there are none for so long.</summary>
    public async Task UntilNews(TimeSpan patience, TimeProvider time, CancellationToken cancellationToken)
    {
        using var limit = new CancellationTokenSource(patience, time);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        try
        {
            await queue.Reader.WaitToReadAsync(both.Token);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return;
        }

        while (queue.Reader.TryRead(out _))
        {
            // One look at the build answers them all.
        }
    }

    internal void Offer(BuildChanged change)
    {
        if (build is not { } only || only == change.Build) queue.Writer.TryWrite(change);
    }

    public async ValueTask DisposeAsync() => await leave(this);
}
