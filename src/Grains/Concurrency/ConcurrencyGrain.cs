using Microsoft.Extensions.Logging;
using Orleans.Runtime;
using PRTS.Contracts;
using PRTS.Contracts.Agents;
using PRTS.Contracts.Concurrency;

namespace PRTS.Grains.Concurrency;

/// <summary>One concurrency group: the shell around <see cref="ConcurrencyRules"/>. Tells members beside its calls, never within them.</summary>
[GrainType("concurrency"), ServersOnly]
public sealed partial class ConcurrencyGrain : Grain, IConcurrencyGrain
{
    private readonly Cell<ConcurrencyState> cell;
    private readonly TimeProvider time;
    private readonly ILogger<ConcurrencyGrain> log;
    private readonly Pump work;
    private readonly string key;

    /// <summary>The holder that this activation has told of its turn.</summary>
    private string? told;
    private bool doubtful;

    public ConcurrencyGrain([PersistentState("state", "prts")] IPersistentState<ConcurrencyState> state, TimeProvider time, ILogger<ConcurrencyGrain> log)
    {
        (this.time, this.log) = (time, log);
        key = this.GetPrimaryKeyString();
        cell = new(state);
        work = new(this, Work, (failure, pause) => LogFailed(failure, key, pause));
    }

    private string Group => GroupKeys.NameOf(key);

    public override Task OnActivateAsync(CancellationToken cancellationToken)
    {
        cell.Load();
        if (cell.Value.Holder is not null) work.Kick();
        return Task.CompletedTask;
    }

    public override Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken) => work.Stop();

    public async Task<GroupAnswer> Enter(GroupEntry entry)
    {
        // Asked again while somebody else is under way: that one may have ended in a crash, without a word.
        doubtful |= !await Change(state => ConcurrencyRules.Enter(state, entry, time.GetUtcNow())) && cell.Value.Holder?.Member != entry.Member;
        if (cell.Value.Holder?.Member == entry.Member) told = entry.Member;
        work.Kick();
        return ConcurrencyRules.Answer(cell.Value, entry.Member, Group);
    }

    public Task Leave(string member) => Change(state => ConcurrencyRules.Leave(state, member, time.GetUtcNow()));

    private async Task<bool> Change(Func<ConcurrencyState, ConcurrencyState> decide)
    {
        if (!await cell.Change(decide)) return false;
        work.Kick();
        return true;
    }

    private async Task<TimeSpan?> Work()
    {
        var state = cell.Value;
        if (state.Superseded is [var superseded, ..])
        {
            await Member(superseded.Member).Supersede(superseded.By);
            await cell.Change(now => ConcurrencyRules.Told(now, superseded));
            return TimeSpan.Zero;
        }

        if (state.Holder?.Member is not { } holder) return null;
        if (holder == told && !doubtful) return null;
        doubtful = false;
        var wanted = holder == told ? await Member(holder).InGroup() : await Member(holder).GroupTurn();
        told = holder;
        if (!wanted) await cell.Change(now => ConcurrencyRules.Leave(now, holder, time.GetUtcNow()));
        return TimeSpan.Zero;
    }

    private IGroupMember Member(string member) => GrainFactory.GroupMember(member);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Concurrency group {Group}: not everybody was told; again in {Pause}")]
    private partial void LogFailed(Exception failure, string group, TimeSpan pause);
}
