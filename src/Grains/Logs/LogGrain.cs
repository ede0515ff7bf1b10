using Microsoft.Extensions.Logging;
using Orleans.Concurrency;
using Orleans.Runtime;
using PRTS.Api.Logs;
using PRTS.Contracts.Agents;
using PRTS.Contracts.Builds;
using PRTS.Contracts.Logs;
using PRTS.Storage.Logs;

namespace PRTS.Grains.Logs;

/// <summary>
/// Takes the log of one attempt while it is written. Has no state of its own: what is not sealed is in memory here and in the agent's
/// spool, which keeps it until it is durable.
/// </summary>
[GrainType("log"), ServersOnly]
public sealed partial class LogGrain(LogStore store, AttemptTokens tokens, TimeProvider time, ILogger<LogGrain> log) : Grain, ILogGrain
{
    /// <summary>No byte waits longer than this for being sealed.</summary>
    private static readonly TimeSpan SealAfter = TimeSpan.FromSeconds(1);

    /// <summary>How long a call waits for the store before it answers with what is held.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    /// <summary>Bytes: an agent has fewer under way.</summary>
    private const int MaxAhead = 4 << 20;
    private static readonly TimeSpan KeepClosed = TimeSpan.FromMinutes(1);
    private readonly News grown = new();
    private AttemptId id;
    private UnsealedLog unsealed = new(0, 0);
    private LogSealer sealer = null!;
    private LogPublisher publisher = null!;
    private IGrainTimer sealTimer = null!;
    private string? allowed;
    private bool closed;

    public override async Task OnActivateAsync(CancellationToken cancellationToken)
    {
        id = AttemptId.FromKey(this.GetPrimaryKeyString());
        var state = await store.State(id, cancellationToken);
        closed = state.Closed;
        unsealed = new(state.Length, state.Newlines);
        sealer = new(this, store, id, unsealed, time, log);
        publisher = new(this, id, unsealed, time, log);
        sealTimer = this.RegisterGrainTimer(
            () =>
            {
                if (unsealed.Rotate()) sealer.Kick();
                else sealTimer.Change(SealAfter, Timeout.InfiniteTimeSpan);
                return Task.CompletedTask;
            },
            new GrainTimerCreationOptions(Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan) { Interleave = true });
    }

    public override async Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken)
    {
        // A courtesy at an orderly stop: after a crash the agent sends this again.
        if (!sealer.Stale && unsealed.Rotate()) await sealer.Drained(Patience, cancellationToken);
        await sealer.Stop();
        publisher.Stop();
    }

    public Task Open() => Task.CompletedTask;

    public async Task<LogAck> Append(string token, long offset, long atMs, Immutable<byte[]> chunk)
    {
        Check(token);
        var bytes = chunk.Value;
        var goesOn = true;
        while (goesOn && !closed && offset + bytes.Length > unsealed.Received)
        {
            // Messages come in any order: this one waits for those that it follows. A chunk can also be larger than the room there is.
            if (offset > unsealed.Received) goesOn = offset - unsealed.Received <= MaxAhead && await grown.Within(Patience, time);
            else if (!Take(bytes.AsSpan((int)(unsealed.Received - offset)), atMs)) goesOn = await sealer.Room(Patience);
        }

        return Ack();
    }

    public async Task<LogAck> Close(string token, long length)
    {
        Check(token);
        if (closed || unsealed.Received < length) return Ack();
        if (!unsealed.Rotate() && (!await sealer.Room(Patience) || !unsealed.Rotate())) throw NotDurable();
        sealer.Kick();
        if (!await sealer.Drained(Patience)) throw NotDurable();
        closed = (await store.Close(id, unsealed.Received)).Closed;
        if (!closed) throw NotDurable();
        publisher.Closed();
        this.RegisterGrainTimer(
            () =>
            {
                DeactivateOnIdle();
                return Task.CompletedTask;
            },
            new GrainTimerCreationOptions(KeepClosed, Timeout.InfiniteTimeSpan));
        return Ack();
    }

    public Task<LogTail> Tail()
    {
        publisher.Watched();
        return Task.FromResult(unsealed.Tail(closed));
    }

    private bool Take(ReadOnlySpan<byte> bytes, long atMs)
    {
        var idle = !unsealed.IsFilling;
        if (unsealed.Append(bytes, atMs) == 0) return false;
        if (unsealed.Waiting.Count > 0) sealer.Kick();
        if (idle && unsealed.IsFilling) sealTimer.Change(SealAfter, Timeout.InfiniteTimeSpan);
        publisher.Appended(atMs);
        grown.Fire();
        return true;
    }

    private LogAck Ack() => new(unsealed.Received, unsealed.Durable);

    private TimeoutException NotDurable() => new($"The end of the log of {id} is not durable yet; close it again.");

    private void Check(string token)
    {
        // Each chunk of a log comes with the same token.
        if (ReferenceEquals(token, allowed) || token == allowed) return;
        if (!tokens.Allows(token, id)) throw new UnauthorizedAccessException($"This token is not for {id}.");
        allowed = token;
    }
}
