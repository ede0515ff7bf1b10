using Orleans.Runtime;
using PRTS.Api.Access;
using PRTS.Contracts.Access;
using PRTS.Contracts.Agents;
using PRTS.Storage.Access;

namespace PRTS.Grains.Access;

/// <summary>One organization.</summary>
[GrainType("organization"), ServersOnly]
public sealed class OrganizationGrain([PersistentState("organization", "prts")] IPersistentState<OrganizationState> state, DirectoryReadModel directory, TimeProvider time)
    : ProjectedGrain<OrganizationState>(new(state)), IOrganizationGrain
{
    private (string Tenant, string Org) Id => this.GetPrimaryKeyString().Split('/') is [var tenant, var org] ? (tenant, org) : throw new FormatException("An organization's key is tenant/org.");

    public Task<bool> Create(string description) =>
        Change(now => !IsEmpty(now) ? now : now with { Version = 1, Description = description, CreatedAt = time.GetUtcNow() });

    public async Task<bool> Describe(string description)
    {
        if (IsEmpty(Value)) return false;
        await Change(now => now.Description == description ? now : now with { Version = now.Version + 1, Description = description });
        return true;
    }

    public Task<OrganizationSummary?> Get() =>
        Task.FromResult(IsEmpty(Value) ? null : new OrganizationSummary { Name = Id.Org, Description = Value.Description, CreatedAt = Value.CreatedAt });

    protected override Task Project(OrganizationState state) => IsEmpty(state) ? Task.CompletedTask : directory.Project(Id.Tenant, Id.Org, state.Version, state.Description, state.CreatedAt);

    protected override bool IsEmpty(OrganizationState state) => state.Version == 0;

    protected override async Task<OrganizationState> Adopt(OrganizationState empty) =>
        (await directory.Organizations(Id.Tenant)).FirstOrDefault(known => known.Name == Id.Org) is { } known
            ? empty with { Version = 1, Description = known.Description, CreatedAt = known.CreatedAt }
            : empty;
}
