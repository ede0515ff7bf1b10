using Orleans.Runtime;
using PRTS.Contracts.Access;
using PRTS.Contracts.Agents;
using PRTS.Storage.Access;

namespace PRTS.Grains.Access;

/// <summary>One team.</summary>
[GrainType("team"), ServersOnly]
public sealed class TeamGrain([PersistentState("team", "prts")] IPersistentState<TeamState> state, DirectoryReadModel directory)
    : ProjectedGrain<TeamState>(new(state)), ITeamGrain
{
    private (string Tenant, string Org, string Team) Id =>
        this.GetPrimaryKeyString().Split('/') is [var tenant, var org, var team] ? (tenant, org, team) : throw new FormatException("A team's key is tenant/org/team.");

    public Task Set(string description) =>
        Change(now => now.Members is not null && now.Description == description ? now : Next(now) with { Description = description, Members = now.Members ?? [] });

    public async Task<bool> SetMember(Guid user, bool member)
    {
        if (Value.Members is null) return false;
        await Change(now => now.Members is not { } members || members.Contains(user) == member
            ? now
            : Next(now) with { Members = member ? [.. members, user] : [.. members.Where(other => other != user)] });
        return true;
    }

    public Task<bool> Remove() => Change(now => now.Members is null ? now : Next(now) with { Members = null });

    public Task<IReadOnlyList<Guid>?> Members() => Task.FromResult(Value.Members);

    protected override Task Project(TeamState state) =>
        state.Version == 0 ? Task.CompletedTask : directory.Project(Id.Tenant, Id.Org, Id.Team, state.Version, state.Description, state.Members);

    protected override bool IsEmpty(TeamState state) => state.Version == 0;

    /// <summary>There were no teams before there were grains.</summary>
    protected override Task<TeamState> Adopt(TeamState empty) => Task.FromResult(empty);

    private static TeamState Next(TeamState state) => state with { Version = state.Version + 1 };
}
