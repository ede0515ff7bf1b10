namespace PRTS.Api.Access;

/// <summary>A tenant: people, organizations and projects of their own, apart from all others.</summary>
[GenerateSerializer, Alias("prts.tenant-summary"), Immutable]
public sealed record TenantSummary
{
    [Id(0)] public required string Name { get; init; }
    [Id(1)] public string DisplayName { get; init; } = "";
    [Id(2)] public bool Enabled { get; init; } = true;
    [Id(3)] public DateTimeOffset CreatedAt { get; init; }
}

[GenerateSerializer, Alias("prts.organization-summary"), Immutable]
public sealed record OrganizationSummary
{
    [Id(0)] public required string Name { get; init; }
    [Id(1)] public string Description { get; init; } = "";
    [Id(2)] public DateTimeOffset CreatedAt { get; init; }
    [Id(3)] public long Projects { get; init; }
    [Id(4)] public long Teams { get; init; }
}

/// <summary>A team and its members' names.</summary>
public sealed record TeamSummary
{
    public required string Org { get; init; }
    public required string Name { get; init; }
    public string Description { get; init; } = "";
    public IReadOnlyList<string> Members { get; init; } = [];
}

/// <summary>A role that a user or a team has. Exactly one of <see cref="User"/> and <see cref="Team"/> is given.</summary>
public sealed record GrantSummary
{
    /// <summary>A user's name.</summary>
    public string? User { get; init; }

    /// <summary><c>org/team</c>.</summary>
    public string? Team { get; init; }

    /// <summary>A built-in role (<c>viewer developer maintainer admin</c>) or a custom one.</summary>
    public required string Role { get; init; }

    /// <summary><c>org</c> or <c>org/project</c>; empty for the whole tenant.</summary>
    public string Scope { get; init; } = "";
}

/// <summary>A role made of permissions.</summary>
public sealed record RoleSummary
{
    public required string Name { get; init; }

    /// <summary>Whether it is one of the four that every tenant has.</summary>
    public bool BuiltIn { get; init; }

    /// <summary>Permissions (<c>pipeline:run</c>) and patterns (<c>project:*</c>, <c>*</c>).</summary>
    public required IReadOnlyList<string> Permissions { get; init; }
}

/// <summary>Whether somebody may do something somewhere, and why.</summary>
public sealed record AccessExplanation
{
    public required string User { get; init; }
    public required string Permission { get; init; }
    public required string Scope { get; init; }
    public required bool Allowed { get; init; }

    /// <summary>The roles that allow it.</summary>
    public required IReadOnlyList<GrantSummary> Because { get; init; }

    /// <summary>In a sentence.</summary>
    public required string Text { get; init; }
}
