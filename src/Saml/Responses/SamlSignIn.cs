namespace PRTS.Saml;

/// <summary>What an accepted assertion says. All of it was signed by the identity provider.</summary>
public sealed record SamlSignIn
{
    /// <summary>The identity provider's entity id.</summary>
    public required string Issuer { get; init; }

    /// <summary>Who signed in.</summary>
    public required SamlNameId NameId { get; init; }

    /// <summary>In the order of the assertion; a name may come more than once.</summary>
    public required IReadOnlyList<SamlAttribute> Attributes { get; init; }

    public required string AssertionId { get; init; }

    /// <summary>From this moment on the same assertion is rejected, the allowed skew included.</summary>
    public required DateTimeOffset NotOnOrAfter { get; init; }

    /// <summary>The id of the request that it answers, which is thereby used up; null when it was not asked for.</summary>
    public string? InResponseTo { get; init; }

    /// <summary>When the subject proved who it is. With ForceAuthn, compare it with the time of the request.</summary>
    public required DateTimeOffset AuthenticatedAt { get; init; }

    /// <summary>How the subject proved it (a URI), when the identity provider says so.</summary>
    public string? AuthenticationContext { get; init; }

    public string? SessionIndex { get; init; }

    /// <summary>When the identity provider wants the session to end.</summary>
    public DateTimeOffset? SessionNotOnOrAfter { get; init; }

    /// <summary>All values of the attributes with this name. Friendly names do not count: they identify nothing (SAML core, 2.7.3.1).</summary>
    public IEnumerable<string> Values(string name) =>
        Attributes.Where(attribute => string.Equals(attribute.Name, name, StringComparison.Ordinal)).SelectMany(attribute => attribute.Values);
}

/// <summary>The subject's name.</summary>
/// <param name="Value">As it is, neither trimmed nor folded: 1 to 1024 characters without control characters.</param>
/// <param name="Format">A URI; null when the identity provider does not say.</param>
/// <param name="NameQualifier">Of whose name space it is; null when not said.</param>
/// <param name="SpNameQualifier">For which service it was made; null when not said.</param>
public sealed record SamlNameId(string Value, string? Format, string? NameQualifier, string? SpNameQualifier);

/// <summary>An attribute of the subject.</summary>
/// <param name="FriendlyName">For people; null when there is none.</param>
/// <param name="Values">The whole text of each value, in order.</param>
public sealed record SamlAttribute(string Name, string? NameFormat, string? FriendlyName, IReadOnlyList<string> Values);
