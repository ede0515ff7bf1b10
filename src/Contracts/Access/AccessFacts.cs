namespace PRTS.Contracts.Access;

/// <summary>A role that a user has: given to the user, or to a team that the user is in.</summary>
/// <param name="Role">A built-in role or a custom one of the tenant.</param>
/// <param name="Team"><c>org/team</c>; null when the user has it personally.</param>
[GenerateSerializer, Alias("prts.held-role"), Immutable]
public sealed record HeldRole([property: Id(0)] string Role, [property: Id(1)] AccessScope Scope, [property: Id(2)] string? Team = null);

/// <summary>What an API key, or a token made from one, cuts its user's rights down to.</summary>
/// <param name="Permissions">Patterns, see <see cref="AccessRules.Matches"/>.</param>
public sealed record AccessLimit(IReadOnlyList<string> Permissions, AccessScope Scope);

/// <summary>All that decides what a user may do; read from the store, then judged by <see cref="AccessRules"/> alone.</summary>
public sealed record AccessFacts
{
    public required string Tenant { get; init; }
    public required Guid UserId { get; init; }
    public required string Name { get; init; }

    /// <summary>False: the account, or its tenant, is disabled.</summary>
    public required bool Enabled { get; init; }
    public IReadOnlyList<HeldRole> Roles { get; init; } = [];

    /// <summary>Custom roles of the tenant: name to patterns of permissions.</summary>
    public IReadOnlyDictionary<string, IReadOnlyList<string>> CustomRoles { get; init; } = new Dictionary<string, IReadOnlyList<string>>(StringComparer.Ordinal);
    public AccessLimit? Limit { get; init; }
}

/// <summary>Whether somebody may do something, and why.</summary>
/// <param name="Because">Which of the roles allow it. Empty when none does.</param>
/// <param name="Obstacle">What stands against it in spite of the roles.</param>
public sealed record AccessDecision(bool Allowed, IReadOnlyList<HeldRole> Because, AccessObstacle Obstacle = AccessObstacle.None);

public enum AccessObstacle
{
    None,

    /// <summary>No role gives the permission here.</summary>
    NoRole,

    /// <summary>The account or its tenant is disabled.</summary>
    Disabled,

    /// <summary>The API key does not go that far.</summary>
    KeyLimit,

    /// <summary>The installation is the operator's tenant's business.</summary>
    OperatorOnly,
}
