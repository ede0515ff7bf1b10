using PRTS.Api.Builds;

namespace PRTS.Contracts.Agents;

/// <summary>What an agent does with the commands that reach its grain. Implemented on agents only.</summary>
public interface IAgentJobs
{
    bool Start(JobAssignment assignment);

    void Cancel(string attempt, string reason);
}

/// <summary>
/// Hands commands to the agent's process. The class is loaded on servers too, where the filter never places it: a type that only
/// agents know has its list of filters cached empty while none is connected, and would then land anywhere (docs/adr/0001).
/// </summary>
[GrainType("agent"), PinToAgent]
public sealed class AgentGrain(IAgentJobs jobs) : Grain, IAgentGrain
{
    public Task<bool> Start(JobAssignment assignment) => Task.FromResult(jobs.Start(assignment));

    public Task Cancel(string attempt, string reason)
    {
        jobs.Cancel(attempt, reason);
        return Task.CompletedTask;
    }
}
