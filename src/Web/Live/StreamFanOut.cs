using Microsoft.Extensions.Logging;
using Orleans.Runtime;
using Orleans.Streams;
using PRTS.Contracts;

namespace PRTS.Web.Live;

/// <summary>
/// Gives every viewer in this process what a stream of the cluster carries: one subscription a stream while it has viewers. Messages may
/// be lost (a slow viewer, a server that dies): viewers notice by numbers or by silence, and read the store again.
/// </summary>
public sealed partial class StreamFanOut<T>(IClusterClient cluster, ILogger log) : IDisposable
{
    private readonly SemaphoreSlim gate = new(1);
    private readonly Dictionary<StreamId, Topic> topics = [];

    /// <summary>Returns when messages from now on will be seen.</summary>
    /// <param name="capacity">How many messages may wait for this viewer; then the oldest go.</param>
    public async Task<Viewer<T>> Subscribe(StreamId stream, int capacity, Func<T, bool>? wanted = null)
    {
        var viewer = new Viewer<T>(capacity, wanted, leaving => Leave(stream, leaving));
        await gate.WaitAsync();
        try
        {
            if (!topics.TryGetValue(stream, out var topic))
            {
                topic = new Topic();
                topic.Subscription = await cluster.GetStreamProvider(Streams.Provider).GetStream<T>(stream).SubscribeAsync(topic.Publish);
                topics.Add(stream, topic);
            }

            topic.Viewers = [.. topic.Viewers, viewer];
            return viewer;
        }
        finally
        {
            gate.Release();
        }
    }

    public void Dispose() => gate.Dispose();

    private async Task Leave(StreamId stream, Viewer<T> viewer)
    {
        await gate.WaitAsync();
        try
        {
            if (!topics.TryGetValue(stream, out var topic)) return;
            topic.Viewers = [.. topic.Viewers.Where(other => other != viewer)];
            if (topic.Viewers.Length > 0) return;
            topics.Remove(stream);
            await topic.Subscription!.UnsubscribeAsync();
        }
        catch (Exception failure) when (failure is not OutOfMemoryException)
        {
            // The cluster forgets a subscriber that does not answer; this viewer has gone either way.
            LogUnsubscribe(stream, failure);
        }
        finally
        {
            gate.Release();
        }
    }

    private sealed class Topic
    {
        public StreamSubscriptionHandle<T>? Subscription { get; set; }

        /// <summary>Replaced as a whole, so that publishing needs no lock.</summary>
        public Viewer<T>[] Viewers { get; set; } = [];

        public Task Publish(T message, StreamSequenceToken? token)
        {
            foreach (var viewer in Viewers) viewer.Offer(message);
            return Task.CompletedTask;
        }
    }

    [LoggerMessage(LogLevel.Warning, "Could not leave stream {Stream}")]
    private partial void LogUnsubscribe(StreamId stream, Exception failure);
}
