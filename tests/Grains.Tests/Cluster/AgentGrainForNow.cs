using Orleans.Runtime;
using PRTS.Api.Builds;
using PRTS.Contracts.Agents;

namespace PRTS.Grains.Tests.Cluster;

public interface IAgentJobs
{
    bool Start(JobAssignment assignment);

    void Cancel(string attempt, string reason);
}

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
