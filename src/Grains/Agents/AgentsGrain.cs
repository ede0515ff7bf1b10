using Microsoft.Extensions.Logging;
using Orleans.Runtime;
using PRTS.Api.Agents;
using PRTS.Contracts;
using PRTS.Contracts.Agents;
using PRTS.Contracts.Builds;
using PRTS.Storage.Agents;

namespace PRTS.Grains.Agents;

/// <summary>The agents of one tenant: the shell around <see cref="AgentsBook"/>. Tells jobs beside its calls, never within them.</summary>
[GrainType("agents"), ServersOnly]
public sealed partial class AgentsGrain(AgentsReadModel readModel, GrainsOptions options, TimeProvider time, ILogger<AgentsGrain> log) : Grain, IAgentsGrain
{
    private static readonly TimeSpan SweepEvery = TimeSpan.FromSeconds(1);
    private readonly AgentsBook book = new(options);
    private Task projecting = Task.CompletedTask;
    private IGrainTimer? settling;

    private string Tenant => this.GetPrimaryKeyString();

    private DateTimeOffset Now => time.GetUtcNow();

    public override async Task OnActivateAsync(CancellationToken cancellationToken)
    {
        book.Load(await readModel.List(Tenant, cancellationToken), Now);
        this.RegisterGrainTimer(
            () =>
            {
                book.Sweep(Now);
                Perform();
                return Task.CompletedTask;
            },
            new GrainTimerCreationOptions(SweepEvery, SweepEvery) { KeepAlive = true });
    }

    public Task<Placement> Request(SlotRequest request) => Answer(book.Request(request, Now));

    public Task Release(AttemptId attempt)
    {
        book.Release(attempt, Now);
        return Answer(true);
    }

    public Task Hello(AgentHello hello)
    {
        LogHello(hello.Name, hello.Session, hello.Running.Count);
        book.Hello(hello, Now);
        return Answer(true);
    }

    public Task<AgentOrders> Beat(AgentBeat beat) => Answer(book.Beat(beat, Now));

    public Task<bool> Drain(string agent) => Answer(book.Drain(agent, drained: true, Now));

    public Task<bool> Resume(string agent) => Answer(book.Drain(agent, drained: false, Now));

    public Task<IReadOnlyList<AgentSummary>> List() => Task.FromResult(book.Summaries);

    private Task<T> Answer<T>(T answer)
    {
        Perform();
        if (book.SettleAt is { } at) settling ??= this.RegisterGrainTimer(Settle, new GrainTimerCreationOptions(at > Now ? at - Now : TimeSpan.Zero, Timeout.InfiniteTimeSpan));
        return Task.FromResult(answer);
    }

    private Task Settle()
    {
        settling?.Dispose();
        settling = null;
        book.Settle(Now);
        return Answer(true);
    }

    /// <summary>Unawaited: a job that is told may be calling us at this moment. What fails is told again with the next sweep.</summary>
    private void Perform()
    {
        foreach (var effect in book.Take()) _ = effect is AgentsEffect.Project project ? projecting = Project(projecting, project) : Tell(effect);
    }

    /// <summary>One after another, so that an agent's revisions arrive in order.</summary>
    private async Task Project(Task before, AgentsEffect.Project effect)
    {
        await before;
        try
        {
            await readModel.Upsert(Tenant, effect.Summary);
        }
        catch (Exception failure)
        {
            LogFailed(failure, effect.ToString());
            book.Return(effect);
        }
    }

    private async Task Tell(AgentsEffect effect)
    {
        try
        {
            switch (effect)
            {
                case AgentsEffect.Place place:
                    await GrainFactory.Job(place.Attempt.Job).Placed(place.Attempt.Number, place.Placement);
                    break;
                case AgentsEffect.Lost lost:
                    await GrainFactory.Job(lost.Attempt.Job).AgentLost(lost.Attempt.Number, lost.Agent, lost.Reason);
                    book.Buried(lost.Attempt, lost.Agent, Now);
                    Perform();
                    break;
                case AgentsEffect.Verify verify:
                    var holds = await GrainFactory.Job(verify.Attempt.Job).Holds(verify.Attempt.Number, verify.Agent);
                    book.Verified(verify.Attempt, verify.Agent, holds, Now);
                    break;
            }
        }
        catch (Exception failure)
        {
            LogFailed(failure, effect.ToString());
            // A lost agent is found again by each sweep.
            if (effect is not AgentsEffect.Lost) book.Return(effect);
        }
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "Agent {Agent} joined with session {Session}, running {Running}")]
    private partial void LogHello(string agent, string session, int running);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Not told, again soon: {Effect}")]
    private partial void LogFailed(Exception failure, string effect);
}
