using System.Text.RegularExpressions;
using Orleans.Runtime;
using PRTS.Api.Access;
using PRTS.Contracts.Access;
using PRTS.Contracts.Agents;
using PRTS.Contracts.Projects;
using PRTS.Storage.Access;

namespace PRTS.Grains.Access;

/// <summary>One tenant and its custom roles.</summary>
[GrainType("tenant"), ServersOnly]
public sealed partial class TenantGrain([PersistentState("tenant", "prts")] IPersistentState<TenantState> state, DirectoryReadModel directory, TimeProvider time)
    : ProjectedGrain<TenantState>(new(state)), ITenantGrain
{
    private const int MostRoles = 100;

    private string Name => this.GetPrimaryKeyString();

    public async Task<string?> Create(string displayName)
    {
        if (!ProjectId.IsValidName(Name)) return $"'{Name}' cannot be a tenant's name: use 1–64 of a-z 0-9 . _ -, beginning with a letter or digit.";
        var created = await Change(now => now.Summary is not null ? now : Next(now) with
        {
            Summary = new() { Name = Name, DisplayName = displayName, CreatedAt = time.GetUtcNow() },
        });
        return created ? null : $"There is a tenant '{Name}' already.";
    }

    public Task<string?> SetEnabled(bool enabled) => !enabled && Name == ProjectId.DefaultTenant
        ? Task.FromResult<string?>("The operator's own tenant cannot be disabled: nobody could enable it again.")
        : Existing(now => now.Summary!.Enabled == enabled ? now : Next(now) with { Summary = now.Summary with { Enabled = enabled } });

    public Task<string?> SetRole(CustomRole role) =>
        Problem(role) is { } problem ? Task.FromResult<string?>(problem)
        : Value.Roles.Count >= MostRoles && Value.Roles.All(known => known.Name != role.Name) ? Task.FromResult<string?>($"A tenant has at most {MostRoles} roles of its own. Remove one first.")
        : Existing(now => Next(now) with { Roles = [.. now.Roles.Where(known => known.Name != role.Name), role] });

    public Task<string?> RemoveRole(string name) => Value.Roles.All(role => role.Name != name)
        ? Task.FromResult<string?>($"There is no role '{name}'.")
        : Existing(now => Next(now) with { Roles = [.. now.Roles.Where(role => role.Name != name)] });

    public Task<TenantSummary?> Get() => Task.FromResult(Value.Summary);

    protected override Task Project(TenantState state) => state.Summary is null ? Task.CompletedTask : directory.Project(Name, state.Version, state.Summary, state.Roles);

    protected override bool IsEmpty(TenantState state) => state.Summary is null;

    protected override async Task<TenantState> Adopt(TenantState empty) =>
        await directory.Tenant(Name) is (var summary, var roles) ? Next(empty) with { Summary = summary, Roles = roles } : empty;

    private async Task<string?> Existing(Func<TenantState, TenantState> decide)
    {
        if (Value.Summary is null) return $"There is no tenant '{Name}'.";
        await Change(decide);
        return null;
    }

    private static string? Problem(CustomRole role) =>
        !RoleName().IsMatch(role.Name) ? $"'{role.Name}' cannot be a role's name: use 1–64 of a-z 0-9 -, beginning with a letter."
        : AccessRules.ParseRole(role.Name) is not null ? $"'{role.Name}' is a built-in role. Choose another name."
        : role.Permissions.Count == 0 ? "A role has at least one permission, such as pipeline:run or project:*."
        : role.Permissions.FirstOrDefault(pattern => !AccessRules.IsPattern(pattern)) is { } unknown ? $"'{unknown}' is no permission. There are {string.Join(", ", AccessRules.All.Order(StringComparer.Ordinal))}; noun:* stands for all of a noun, * for all."
        : null;

    private static TenantState Next(TenantState state) => state with { Version = state.Version + 1 };

    [GeneratedRegex(@"\A[a-z][a-z0-9-]{0,63}\z", RegexOptions.CultureInvariant, matchTimeoutMilliseconds: 1000)]
    private static partial Regex RoleName();
}
