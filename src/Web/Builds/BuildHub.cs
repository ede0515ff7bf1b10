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
        // A slow viewer loses the oldest news: the newest says all that is needed.
        var queue = Channel.CreateBounded<BuildChanged>(new BoundedChannelOptions(256) { FullMode = BoundedChannelFullMode.DropOldest, SingleReader = true });
        var viewer = new Viewer(build, queue.Writer);
        var topic = topics.GetOrAdd(tenant, name => new Topic(name, cluster, gate, log));
        await topic.Add(viewer);
        try
        {
            await foreach (var change in queue.Reader.ReadAllAsync(cancellationToken)) yield return change;
        }
        finally
        {
            await topic.Remove(viewer);
        }
    }

    public void Dispose() => gate.Dispose();

    private sealed record Viewer(BuildId? Build, ChannelWriter<BuildChanged> Queue);

    /// <summary>One tenant's stream: subscribed by the first viewer, left by the last.</summary>
    private sealed class Topic(string tenant, IClusterClient cluster, SemaphoreSlim gate, ILogger log)
    {
        private readonly ConcurrentDictionary<Viewer, bool> viewers = new();
        private StreamSubscriptionHandle<BuildChanged>? subscription;

        public async Task Add(Viewer viewer)
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

        public async Task Remove(Viewer viewer)
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
            foreach (var viewer in viewers.Keys)
            {
                if (viewer.Build is not { } build || build == change.Build) viewer.Queue.TryWrite(change);
            }

            return Task.CompletedTask;
        }
    }

    [LoggerMessage(LogLevel.Warning, "Could not leave the stream of builds of tenant {Tenant}")]
    private static partial void LogUnsubscribe(ILogger log, string tenant, Exception failure);
}
