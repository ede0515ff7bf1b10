using PRTS.Contracts.Access;
using PRTS.Contracts.Agents;
using PRTS.Contracts.Builds;
using PRTS.Contracts.Concurrency;
using PRTS.Contracts.Logs;
using PRTS.Contracts.Projects;

namespace PRTS.Contracts;

/// <summary>The only place where grains are addressed.</summary>
public static class GrainKeys
{
    public static IProjectGrain Project(this IGrainFactory grains, ProjectId id) => grains.GetGrain<IProjectGrain>(id.Key);

    public static IBuildGrain Build(this IGrainFactory grains, BuildId id) => grains.GetGrain<IBuildGrain>(id.Key);

    public static IJobGrain Job(this IGrainFactory grains, JobId id) => grains.GetGrain<IJobGrain>(id.Key);

    public static ILogGrain Log(this IGrainFactory grains, AttemptId id) => grains.GetGrain<ILogGrain>(id.Key);

    public static IConcurrencyGrain ConcurrencyGroup(this IGrainFactory grains, string key) => grains.GetGrain<IConcurrencyGrain>(key);

    /// <param name="key">A build's key, or a job's.</param>
    public static IGroupMember GroupMember(this IGrainFactory grains, string key) =>
        GroupKeys.IsJob(key) ? grains.Job(JobId.FromKey(key)) : grains.Build(BuildId.FromKey(key));

    public static IAgentsGrain Agents(this IGrainFactory grains, string tenant) => grains.GetGrain<IAgentsGrain>(tenant);

    public static IAgentGrain Agent(this IGrainFactory grains, string tenant, string name) => grains.GetGrain<IAgentGrain>($"{tenant}/{name}");

    public static ITenantGrain Tenant(this IGrainFactory grains, string tenant) => grains.GetGrain<ITenantGrain>(tenant);

    public static IOrganizationGrain Organization(this IGrainFactory grains, string tenant, string org) => grains.GetGrain<IOrganizationGrain>($"{tenant}/{org}");

    public static ITeamGrain Team(this IGrainFactory grains, string tenant, string org, string team) => grains.GetGrain<ITeamGrain>($"{tenant}/{org}/{team}");

    public static IUserGrain User(this IGrainFactory grains, string tenant, Guid user) => grains.GetGrain<IUserGrain>($"{tenant}/{user}");

    public static IGrantsGrain Grants(this IGrainFactory grains, string tenant, AccessScope scope) =>
        grains.GetGrain<IGrantsGrain>(scope.Org is null ? tenant : $"{tenant}/{scope}");
}
