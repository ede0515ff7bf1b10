namespace PRTS.Api;

/// <summary>The key that the keys of secrets are wrapped with, and how far they are.</summary>
public sealed record KeyStatus
{
    /// <summary>Which one holds it: <c>file</c>, <c>vault</c>, <c>kms</c> or <c>pkcs11</c>.</summary>
    public required string Provider { get; init; }

    /// <summary>The provider, for people: which keys of which server or file.</summary>
    public required string Description { get; init; }

    /// <summary>As the provider names its current key.</summary>
    public required string Key { get; init; }

    /// <summary>Data keys that there are.</summary>
    public required long Total { get; init; }

    /// <summary>Of these, how many are wrapped with the current key.</summary>
    public required long Done { get; init; }

    /// <summary>Of these, how many could not be re-wrapped; they keep their former wrapping.</summary>
    public required long Failing { get; init; }

    /// <summary>Why, of one of them.</summary>
    public string? Problem { get; init; }
    public DateTimeOffset? LastRewrappedAt { get; init; }

    /// <summary>Nothing needs a former key any more, so those can be removed.</summary>
    public bool IsComplete => Done == Total;
}
