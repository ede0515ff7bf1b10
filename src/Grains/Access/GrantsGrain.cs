using Orleans.Runtime;
using PRTS.Contracts.Access;
using PRTS.Contracts.Agents;
using PRTS.Storage.Access;

namespace PRTS.Grains.Access;

/// <summary>Who has which role in one place.</summary>
[GrainType("grants"), ServersOnly]
public sealed class GrantsGrain([PersistentState("grants", "prts")] IPersistentState<GrantsState> state, DirectoryReadModel directory)
    : ProjectedGrain<GrantsState>(new(state)), IGrantsGrain
{
    private (string Tenant, AccessScope Scope) Id => this.GetPrimaryKeyString().Split('/', 2) is var parts && AccessScope.Parse(parts.Length > 1 ? parts[1] : "") is { } scope
        ? (parts[0], scope)
        : throw new FormatException("A key of grants is tenant, tenant/org or tenant/org/project.");

    public Task Give(string subject, string role) => Change(now =>
        now.Grants.Contains(new(subject, role)) ? now : Next(now) with { Grants = [.. now.Grants, new(subject, role)] });

    public Task Take(string subject, string role) => Change(now =>
        now.Grants.Contains(new(subject, role)) ? Next(now) with { Grants = [.. now.Grants.Where(grant => grant != new StoredGrant(subject, role))] } : now);

    public Task Replace(string subject, string? role) => Change(now => Next(now) with
    {
        Grants =
        [
            .. now.Grants.Where(grant => grant.Subject != subject || AccessRules.ParseRole(grant.Role) is null),
            .. role is null ? Array.Empty<StoredGrant>() : [new StoredGrant(subject, role)],
        ],
    });

    protected override Task Project(GrantsState state) =>
        directory.Project(Id.Tenant, Id.Scope, state.Version, [.. state.Grants.Select(grant => (GrantSubject.Parse(grant.Subject), grant.Role))]);

    protected override bool IsEmpty(GrantsState state) => state.Version == 0;

    protected override async Task<GrantsState> Adopt(GrantsState empty) =>
        await directory.Subjects(Id.Tenant, Id.Scope) is { Count: > 0 } known
            ? Next(empty) with { Grants = [.. known.Select(grant => new StoredGrant(grant.Subject.ToString(), grant.Role))] }
            : empty;

    private static GrantsState Next(GrantsState state) => state with { Version = state.Version + 1 };
}
