using PRTS.Contracts.Cluster;
using PRTS.Storage.Agents;

namespace PRTS.Silo.Cluster;

/// <summary>
/// Which name an agent gets that joins: its token's; else the one it asks for, which may be that of an agent that is gone (a rebuilt machine
/// joins under its old name), never of one that runs.
/// </summary>
public sealed class AgentNames(IMembershipTable membership, AgentIdentities identities, TimeProvider time)
{
    /// <summary>Who joined so recently may be about to show itself.</summary>
    private static readonly TimeSpan Joining = TimeSpan.FromMinutes(1);

    /// <returns>Null when the name was chosen and is that of an agent that runs.</returns>
    public async Task<string?> Choose(JoinToken token, JoinRequest request, CancellationToken cancellationToken)
    {
        if (token.Name is not null) return token.Name;
        var members = (await membership.ReadAllAsync(cancellationToken)).Members;
        var running = members.Where(member => member.Item1.Status == SiloStatus.Active).Select(member => member.Item1.SiloName).ToHashSet(StringComparer.Ordinal);
        if (!await IsTaken(request.Name)) return request.Name;
        if (request.NameIsChosen) return null;
        for (var number = 2; ; number++)
        {
            if (!await IsTaken($"{request.Name}-{number}")) return $"{request.Name}-{number}";
        }

        async Task<bool> IsTaken(string name) =>
            running.Contains(ClusterNames.AgentSilo(token.Tenant, name))
            || (await identities.Find(token.Tenant, name, cancellationToken) is { } identity && time.GetUtcNow() - identity.CreatedAt < Joining);
    }
}
