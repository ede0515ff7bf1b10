using PRTS.Api.Access;
using PRTS.Contracts.Access;

namespace PRTS.Grains.Access;

/// <summary>A tenant as it is persisted.</summary>
[GenerateSerializer, Alias("prts.tenant-state"), Immutable]
public sealed record TenantState : IPersisted
{
    [Id(0)] public int Schema { get; init; } = 1;
    [Id(1)] public long Version { get; init; }
    [Id(2)] public TenantSummary? Summary { get; init; }
    [Id(3)] public IReadOnlyList<CustomRole> Roles { get; init; } = [];
}

[GenerateSerializer, Alias("prts.organization-state"), Immutable]
public sealed record OrganizationState : IPersisted
{
    [Id(0)] public int Schema { get; init; } = 1;
    [Id(1)] public long Version { get; init; }
    [Id(2)] public string Description { get; init; } = "";
    [Id(3)] public DateTimeOffset CreatedAt { get; init; }
}

/// <summary>A team as it is persisted. Members null: it does not exist (any more).</summary>
[GenerateSerializer, Alias("prts.team-state"), Immutable]
public sealed record TeamState : IPersisted
{
    [Id(0)] public int Schema { get; init; } = 1;
    [Id(1)] public long Version { get; init; }
    [Id(2)] public string Description { get; init; } = "";
    [Id(3)] public IReadOnlyList<Guid>? Members { get; init; }
}

[GenerateSerializer, Alias("prts.user-state"), Immutable]
public sealed record UserState : IPersisted
{
    [Id(0)] public int Schema { get; init; } = 1;
    [Id(1)] public long Version { get; init; }
    [Id(2)] public UserProfile? Profile { get; init; }
    [Id(3)] public IReadOnlyList<LinkedIdentity> Identities { get; init; } = [];
}

/// <summary>Who the user is at a sign-in provider.</summary>
[GenerateSerializer, Alias("prts.linked-identity"), Immutable]
public sealed record LinkedIdentity([property: Id(0)] string Provider, [property: Id(1)] string Subject);

[GenerateSerializer, Alias("prts.grants-state"), Immutable]
public sealed record GrantsState : IPersisted
{
    [Id(0)] public int Schema { get; init; } = 1;
    [Id(1)] public long Version { get; init; }
    [Id(2)] public IReadOnlyList<StoredGrant> Grants { get; init; } = [];
}

/// <param name="Subject"><see cref="GrantSubject"/> as text.</param>
[GenerateSerializer, Alias("prts.stored-grant"), Immutable]
public sealed record StoredGrant([property: Id(0)] string Subject, [property: Id(1)] string Role);
