using PRTS.Api.Builds;
using PRTS.Api.Logs;
using PRTS.Execution.Jobs;

namespace PRTS.Execution.Supervision;

/// <summary>
/// Sends the spool to the log store as the supervisor tells of it, in full chunks under load, a few of them unacknowledged.
/// What the store lacks is sent again from the spool; the same offset always carries the same bytes.
/// </summary>
internal sealed class LogSender(JobAssignment job, IJobSink sink, JobDirectory directory, SupervisorClient supervisor, ExecutionOptions options, Retry retry, TimeProvider clock)
{
    public const int ChunkSize = 64 << 10;

    /// <summary>Chunks under way. Few on a slow link: the cluster's heartbeats come behind them on the same connection.</summary>
    private const int LeastWindow = 2;
    private const int MostWindow = 24;
    private static readonly TimeSpan SlowAck = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan CallTimeout = TimeSpan.FromMinutes(1);
    private readonly Queue<Sent> inFlight = new();
    private readonly Stack<byte[]> buffers = new();
    private readonly long trimEvery = Math.Max(1, Math.Min(4 << 20, options.SpoolLimit / 4));
    private long next;
    private int window = 8;

    /// <summary>What is durable as far as the store or the trimmed spool has told, and as far as the supervisor was told.</summary>
    private long durable;
    private long trimmed;
    private long final = -1;
    private int failures;
    private bool inStep;

    private readonly record struct Sent(Task<LogAck> Ack, byte[] Buffer, long Offset, int Count, long At);

    /// <summary>What the store has said last that it has. It may come to have less: what was not durable when it crashed.</summary>
    public long Received { get; private set; }

    /// <summary>No byte will come after the ones that are spooled now.</summary>
    public void Complete()
    {
        Volatile.Write(ref final, Math.Max(supervisor.LogLength, Received));
        supervisor.Nudge();
    }

    /// <summary>Runs until, after <see cref="Complete"/>, all is durable in the store. Returns the log's length.</summary>
    public async Task<long> Run(CancellationToken ct)
    {
        using var spool = new SpoolReader(directory.Spool);
        while (true)
        {
            await SendAll(spool, ct);
            var length = Math.Max(final, Received);
            var ack = await Close(length, ct);
            if (ack.Received >= length)
                return length;
            // It crashed before the end of what it had acknowledged was durable; the spool still has that.
            Received = ack.Received;
            RequireDurable();
            await StartOver(ack.Received);
        }
    }

    /// <summary>After <see cref="Run"/> has failed: closes the log at what the store has. Returns that length.</summary>
    public async Task<long> CloseIncomplete(CancellationToken ct)
    {
        while (true)
        {
            var length = Received;
            Received = (await Close(length, ct)).Received;
            if (Received >= length)
                return length;
        }
    }

    private Task<LogAck> Close(long length, CancellationToken ct) => retry.Forever("close the log", token => sink.CloseLog(job, length, token), ct);

    /// <summary>Sends what there is and what comes; returns when, after <see cref="Complete"/>, the store has all of it.</summary>
    private async Task SendAll(SpoolReader spool, CancellationToken ct)
    {
        while (true)
        {
            var (change, end) = (supervisor.ChangedOrGrown, Volatile.Read(ref final));
            var available = (end >= 0 ? Math.Min(end, supervisor.LogLength) : supervisor.LogLength) - next;
            if (MaySend(available))
                Send(spool, next + available, ct);
            else if (inFlight.Count > 0)
                await WaitForAck(change, ct);
            else if (end >= 0)
                return;
            else
                await change.WaitAsync(ct);
        }
    }

    /// <summary>
    /// After a failure one chunk goes alone, until an acknowledgement tells what the store has. Otherwise the window is for full ones:
    /// of small ones two may be under way, and the rest grows meanwhile.
    /// </summary>
    private bool MaySend(long available) =>
        available > 0 && (inFlight.Count == 0 || (inStep && inFlight.Count < (available >= ChunkSize ? window : LeastWindow)));

    private void Send(SpoolReader spool, long limit, CancellationToken ct)
    {
        var buffer = buffers.TryPop(out var used) ? used : GC.AllocateUninitializedArray<byte>(ChunkSize);
        var (count, timestamp) = spool.Read(next, limit, buffer);
        if (count == 0)
        {
            // An earlier agent process let the supervisor trim it, so it is durable: this one is about to hear of that from the store.
            next = durable = trimmed = spool.Start();
            buffers.Push(buffer);
            return;
        }
        inFlight.Enqueue(new(Append(next, timestamp, buffer.AsMemory(0, count), ct), buffer, next, count, clock.GetTimestamp()));
        next += count;
    }

    /// <summary>A sink that throws instead of returning a failed task fails like one that does.</summary>
    private async Task<LogAck> Append(long offset, long timestamp, ReadOnlyMemory<byte> chunk, CancellationToken ct) =>
        await sink.AppendLog(job, offset, timestamp, chunk, ct).WaitAsync(CallTimeout, clock, ct);

    private async Task WaitForAck(Task change, CancellationToken ct)
    {
        var oldest = inFlight.Peek();
        if (inStep && inFlight.Count < window && !oldest.Ack.IsCompleted)
        {
            if (await Task.WhenAny(oldest.Ack, change) != oldest.Ack)
            {
                ct.ThrowIfCancellationRequested();
                return;
            }
        }
        try
        {
            await oldest.Ack;
        }
        catch (Exception e) when (!ct.IsCancellationRequested)
        {
            await StartOver(oldest.Offset);
            await retry.Pause($"append to the log at {oldest.Offset}", ++failures, e, ct);
            return;
        }
        inFlight.Dequeue();
        window = clock.GetElapsedTime(oldest.At) < SlowAck ? Math.Min(window + 1, MostWindow) : Math.Max(window / 2, LeastWindow);
        buffers.Push(oldest.Buffer);
        await Take(await oldest.Ack, oldest.Offset + oldest.Count, ct);
    }

    private async Task Take(LogAck ack, long sentTo, CancellationToken ct)
    {
        var grew = ack.Received > Received;
        Received = ack.Received;
        if (ack.Received < sentTo)
        {
            // The answer to a chunk that went alone is no older than anything else we know.
            if (!inStep)
                RequireDurable();
            await StartOver(ack.Received);
            failures = grew ? 0 : failures + 1;
            if (!grew)
                await retry.Pause($"append to the log at {ack.Received}", failures, new IOException("The store did not take the bytes."), ct);
        }
        else
        {
            (inStep, failures) = (true, 0);
            next = Math.Max(next, ack.Received);
        }
        durable = Math.Max(durable, ack.Durable);
        if (durable - trimmed >= trimEvery)
            await supervisor.Acknowledge(trimmed = durable);
    }

    /// <summary>The spool may no longer have what was durable: there is nothing to mend this with.</summary>
    private void RequireDurable()
    {
        if (Received < durable)
            throw new InvalidDataException($"The log store has {Received} bytes, but had acknowledged {durable} as durable.");
    }

    /// <summary>
    /// Lets everything under way end and goes on from an offset, or from the first byte that is not durable: an acknowledgement counts
    /// what came by later calls too, so the chunk that failed may be durable, and trimmed. Their buffers are left to the collector: a call that timed out may still read its own.
    /// </summary>
    private async Task StartOver(long offset)
    {
        foreach (var sent in inFlight)
            await sent.Ack.ContinueWith(static _ => { }, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
        inFlight.Clear();
        next = Math.Max(offset, durable);
        inStep = false;
    }
}
