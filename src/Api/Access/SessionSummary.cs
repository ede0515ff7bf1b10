namespace PRTS.Api.Access;

/// <summary>A browser that somebody is signed in with.</summary>
public sealed record SessionSummary
{
    public required Guid Id { get; init; }
    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>The last request, to the minute.</summary>
    public required DateTimeOffset SeenAt { get; init; }

    /// <summary>When it ends however much it is used.</summary>
    public required DateTimeOffset ExpiresAt { get; init; }

    /// <summary><c>password</c>, or the name of a sign-in provider.</summary>
    public required string Method { get; init; }

    /// <summary>Where the sign-in came from.</summary>
    public string? Address { get; init; }

    /// <summary>What the browser says of itself.</summary>
    public required string Client { get; init; }

    /// <summary>The one that asks.</summary>
    public bool Current { get; init; }
}
