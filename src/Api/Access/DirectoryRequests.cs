namespace PRTS.Api.Access;

public sealed record CreateTenant
{
    /// <summary>1 to 64 of <c>a-z 0-9 . _ -</c>, beginning with a letter or digit.</summary>
    public required string Name { get; init; }
    public string DisplayName { get; init; } = "";

    /// <summary>Its first administrator, who makes all others. Signs in at <c>/login?tenant=NAME</c>.</summary>
    public FirstUser? Administrator { get; init; }
}

public sealed record FirstUser
{
    public required string Name { get; init; }
    public required string Password { get; init; }
}

public sealed record UpdateTenant
{
    /// <summary>False: nobody of it gets in; nothing of it is lost.</summary>
    public required bool Enabled { get; init; }
}

public sealed record CreateOrganization
{
    /// <summary>1 to 64 of <c>a-z 0-9 . _ -</c>, beginning with a letter or digit.</summary>
    public required string Name { get; init; }

    /// <summary>At most 500 characters.</summary>
    public string Description { get; init; } = "";
}

/// <summary>What an organization or a team is for.</summary>
public sealed record Description
{
    /// <summary>At most 500 characters.</summary>
    public string Text { get; init; } = "";
}

public sealed record SetRole
{
    /// <summary>Permissions (<c>pipeline:run</c>) and patterns (<c>project:*</c>, <c>*</c>).</summary>
    public required IReadOnlyList<string> Permissions { get; init; }
}

/// <summary>A role for a user or a team; one of them is given.</summary>
public sealed record Grant
{
    public string? User { get; init; }

    /// <summary><c>org/team</c>.</summary>
    public string? Team { get; init; }

    /// <summary><c>viewer developer maintainer admin</c>, or a role of the tenant's own.</summary>
    public required string Role { get; init; }
}
