namespace PRTS.Api.Access;

/// <summary>Who the caller is. Role: <c>viewer</c>, <c>developer</c>, <c>maintainer</c> or <c>admin</c>.</summary>
public sealed record Me
{
    public required string Name { get; init; }
    public required string Role { get; init; }

    /// <summary>What the caller may do, as <c>noun:verb</c>.</summary>
    public required IReadOnlyList<string> Permissions { get; init; }
    public string? Culture { get; init; }
}

/// <summary>Ends all of the account's sessions; its access tokens stay.</summary>
public sealed record ChangePassword
{
    public required string Current { get; init; }

    /// <summary>8 to 1024 characters.</summary>
    public required string New { get; init; }
}

/// <summary>A personal access token without its secret.</summary>
public sealed record AccessTokenSummary
{
    public required Guid Id { get; init; }
    public required string Name { get; init; }

    /// <summary>The secret's first characters, to recognise it by.</summary>
    public required string Prefix { get; init; }
    public required DateTimeOffset CreatedAt { get; init; }
    public DateTimeOffset? ExpiresAt { get; init; }
    public DateTimeOffset? LastUsedAt { get; init; }

    /// <summary>Permissions (<c>pipeline:run</c>) and patterns (<c>build:*</c>) that it leaves its owner; null: all that the owner has.</summary>
    public IReadOnlyList<string>? Permissions { get; init; }

    /// <summary>Where it is good: <c>org</c> or <c>org/project</c>; empty: in the whole tenant.</summary>
    public string Scope { get; init; } = "";
}

public sealed record CreateAccessToken
{
    /// <summary>What it is for; 1 to 100 characters.</summary>
    public required string Name { get; init; }

    /// <summary>1 to 3650; null never expires.</summary>
    public int? ExpiresInDays { get; init; }

    /// <summary>Permissions (<c>pipeline:run</c>) and patterns (<c>build:*</c>, <c>*</c>) that it leaves its owner; null: all that the owner has.</summary>
    public IReadOnlyList<string>? Permissions { get; init; }

    /// <summary>Where it is good: <c>org</c> or <c>org/project</c>; empty: in the whole tenant.</summary>
    public string Scope { get; init; } = "";
}

/// <summary>The only time that the secret is shown.</summary>
public sealed record CreatedAccessToken
{
    public required string Token { get; init; }
    public required AccessTokenSummary Summary { get; init; }
}

/// <summary>Asks for a token of minutes in place of an access token.</summary>
public sealed record CreateShortLivedToken
{
    /// <summary>How long it is good: 1 to 60.</summary>
    public int Minutes { get; init; } = 15;

    /// <summary>What of the access token's permissions it has; null: all.</summary>
    public IReadOnlyList<string>? Permissions { get; init; }

    /// <summary>Where it is good: <c>org</c> or <c>org/project</c>; empty: where the access token is.</summary>
    public string Scope { get; init; } = "";

    /// <summary>The address of the service that it is for; null: PRTS. One for another service is not taken by PRTS.</summary>
    public string? Audience { get; init; }
}

/// <summary>A JSON Web Token (RS256; RFC 9068), good without anything else that is kept.</summary>
public sealed record ShortLivedToken
{
    public required string Token { get; init; }
    public required DateTimeOffset ExpiresAt { get; init; }
}

/// <summary>An account as administrators see it.</summary>
public sealed record UserSummary
{
    public required string Name { get; init; }
    public string DisplayName { get; init; } = "";
    public string? Email { get; init; }

    /// <summary>The highest built-in role in the whole tenant; <c>none</c> for who has none there, or is disabled.</summary>
    public required string Role { get; init; }

    /// <summary>False: nobody gets in with it.</summary>
    public bool Enabled { get; init; } = true;
    public required DateTimeOffset CreatedAt { get; init; }
    public DateTimeOffset? LockedUntil { get; init; }

    /// <summary>Whether it asks for a code besides the password.</summary>
    public bool SecondFactor { get; init; }

    /// <summary>Sign-in providers that know it; none for who only has a password here.</summary>
    public IReadOnlyList<string> Providers { get; init; } = [];
}

public sealed record CreateUser
{
    /// <summary>1 to 64 of <c>a-z 0-9 . _ -</c>, beginning with a letter or digit.</summary>
    public required string Name { get; init; }

    /// <summary>8 to 1024 characters.</summary>
    public required string Password { get; init; }
    public string Role { get; init; } = "developer";

    /// <summary>Null: unless the role is <c>none</c>. True with the role <c>none</c>: an account that gets its roles elsewhere.</summary>
    public bool? Enabled { get; init; }
}

/// <summary>What is null stays as it is.</summary>
public sealed record UpdateUser
{
    /// <summary>In the whole tenant. <c>none</c> disables the account, unless <see cref="Enabled"/> is true: then it takes the role alone.</summary>
    public string? Role { get; init; }

    /// <summary>False: nobody gets in with it; its roles stay.</summary>
    public bool? Enabled { get; init; }
    public string? Password { get; init; }
}
