using PRTS.Api.Access;

namespace PRTS.Contracts.Access;

/// <summary>One tenant: whether it may be used, and its custom roles. Key: the tenant. All answers: what is wrong, in a sentence; null when it is done.</summary>
[Alias("prts.ITenantGrain")]
public interface ITenantGrain : IGrainWithStringKey
{
    [Alias("Create")] Task<string?> Create(string displayName);

    /// <summary>Nobody of a disabled tenant gets in; nothing of it is lost.</summary>
    [Alias("SetEnabled")] Task<string?> SetEnabled(bool enabled);

    /// <summary>Makes or changes a custom role; it holds at once for all who have it.</summary>
    [Alias("SetRole")] Task<string?> SetRole(CustomRole role);

    [Alias("RemoveRole")] Task<string?> RemoveRole(string name);

    /// <summary>Null when there is no such tenant.</summary>
    [Alias("Get")] Task<TenantSummary?> Get();
}

/// <summary>One organization of a tenant. Key: <c>tenant/org</c>.</summary>
[Alias("prts.IOrganizationGrain")]
public interface IOrganizationGrain : IGrainWithStringKey
{
    /// <summary>Makes it; false when it is there.</summary>
    [Alias("Create")] Task<bool> Create(string description);

    [Alias("Describe")] Task<bool> Describe(string description);

    [Alias("Get")] Task<OrganizationSummary?> Get();
}

/// <summary>One team of an organization: who is in it. Key: <c>tenant/org/team</c>.</summary>
[Alias("prts.ITeamGrain")]
public interface ITeamGrain : IGrainWithStringKey
{
    /// <summary>Makes it, or changes what it is for.</summary>
    [Alias("Set")] Task Set(string description);

    /// <summary>Takes somebody in or out. Idempotent; false when there is no such team.</summary>
    [Alias("SetMember")] Task<bool> SetMember(Guid user, bool member);

    /// <summary>Its members lose what they had by it at once. False when there is no such team.</summary>
    [Alias("Remove")] Task<bool> Remove();

    /// <summary>Null when there is no such team.</summary>
    [Alias("Members")] Task<IReadOnlyList<Guid>?> Members();
}

/// <summary>One person's account: name, whether it may be used, and by which identities elsewhere it is known. Key: <c>tenant/id</c>. Credentials are not here.</summary>
[Alias("prts.IUserGrain")]
public interface IUserGrain : IGrainWithStringKey
{
    /// <summary>False when the name is taken in the tenant.</summary>
    [Alias("Create")] Task<bool> Create(UserProfile profile);

    /// <summary>Name, display name and e-mail address as they are now; false when there is no such user, or the name is taken.</summary>
    [Alias("Update")] Task<bool> Update(UserProfile profile);

    [Alias("SetEnabled")] Task<bool> SetEnabled(bool enabled);

    /// <summary>The person signs in as this subject of a sign-in provider from now on, too. Idempotent.</summary>
    [Alias("Link")] Task<bool> Link(string provider, string subject);

    [Alias("Get")] Task<UserProfile?> Get();
}

/// <summary>Who has which role in one place. Key: the tenant, <c>tenant/org</c> or <c>tenant/org/project</c>.</summary>
[Alias("prts.IGrantsGrain")]
public interface IGrantsGrain : IGrainWithStringKey
{
    /// <summary>Idempotent.</summary>
    /// <param name="subject"><see cref="GrantSubject"/> as text.</param>
    [Alias("Give")] Task Give(string subject, string role);

    /// <summary>Idempotent.</summary>
    [Alias("Take")] Task Take(string subject, string role);

    /// <summary>This built-in role and no other; null: none. Custom roles stay.</summary>
    [Alias("Replace")] Task Replace(string subject, string? role);
}

/// <summary>A role made of permissions. Patterns: see <see cref="AccessRules.Matches"/>.</summary>
[GenerateSerializer, Alias("prts.custom-role"), Immutable]
public sealed record CustomRole([property: Id(0)] string Name, [property: Id(1)] IReadOnlyList<string> Permissions);

[GenerateSerializer, Alias("prts.user-profile"), Immutable]
public sealed record UserProfile
{
    /// <summary>Unique in the tenant, whatever its case.</summary>
    [Id(0)] public required string Name { get; init; }
    [Id(1)] public string DisplayName { get; init; } = "";
    [Id(2)] public string? Email { get; init; }
    [Id(3)] public bool Enabled { get; init; } = true;
    [Id(4)] public DateTimeOffset CreatedAt { get; init; }
}

/// <summary>Who can have a role: <c>user:ID</c> or <c>team:org/name</c>.</summary>
public readonly record struct GrantSubject(Guid? User, string? Team)
{
    private const string UserPrefix = "user:";
    private const string TeamPrefix = "team:";

    public static GrantSubject Of(Guid user) => new(user, null);

    public static GrantSubject OfTeam(string org, string team) => new(null, $"{org}/{team}");

    public override string ToString() => User is { } user ? $"{UserPrefix}{user}" : TeamPrefix + Team;

    public static GrantSubject Parse(string text) =>
        text.StartsWith(UserPrefix, StringComparison.Ordinal) && Guid.TryParse(text.AsSpan(UserPrefix.Length), out var user) ? Of(user)
        : text.StartsWith(TeamPrefix, StringComparison.Ordinal) && text[TeamPrefix.Length..].Split('/') is [var org, var team] ? OfTeam(org, team)
        : throw new FormatException($"'{text}' is no subject of a grant (user:ID or team:org/name).");
}
