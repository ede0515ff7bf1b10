using PRTS.Api.Builds;

namespace PRTS.Contracts.Agents;

/// <summary>
/// The face of one agent, activated on that agent's own silo by <see cref="PinToAgentAttribute"/>. Key: <c>tenant/name</c>.
/// Every call returns at once; results come back by <see cref="Builds.IJobGrain.Report"/>.
/// </summary>
[Alias("prts.IAgentGrain")]
public interface IAgentGrain : IGrainWithStringKey
{
    /// <summary>Idempotent by attempt. False: the agent takes no new jobs now (draining or full).</summary>
    [Alias("Start")] Task<bool> Start(JobAssignment assignment);

    /// <summary>SIGTERM to the step's process group, SIGKILL after the grace. Unknown attempts are ignored.</summary>
    [Alias("Cancel")] Task Cancel(string attempt, string reason);
}
