using System.Security.Cryptography.X509Certificates;

namespace PRTS.Saml;

/// <summary>What became of metadata.</summary>
public abstract record SamlMetadataResult
{
    private SamlMetadataResult()
    {
    }

    public sealed record Found(SamlIdentityProvider IdentityProvider) : SamlMetadataResult;

    /// <param name="Detail">A sentence for whoever configures the provider.</param>
    public sealed record Refused(string Detail) : SamlMetadataResult;
}

/// <summary>What metadata say about an identity provider. It has at least one of the two locations and at least one certificate.</summary>
public sealed record SamlIdentityProvider
{
    public required string EntityId { get; init; }

    /// <summary>Where a browser is redirected to; an absolute http or https address, or null.</summary>
    public string? RedirectLocation { get; init; }

    /// <summary>Where a form is posted to; an absolute http or https address, or null.</summary>
    public string? PostLocation { get; init; }

    /// <summary>All of them: while a provider changes its key it publishes the old and the new one. Their own validity (<c>NotAfter</c>) is for showing a warning.</summary>
    public required IReadOnlyList<X509Certificate2> SigningCertificates { get; init; }

    /// <summary>Certificates whose keys are not trusted, each with the reason; for showing.</summary>
    public IReadOnlyList<string> UntrustedCertificates { get; init; } = [];

    public bool WantsSignedRequests { get; init; }

    public IReadOnlyList<string> NameIdFormats { get; init; } = [];

    /// <summary>When the metadata must have been read anew; null for no limit.</summary>
    public DateTimeOffset? ValidUntil { get; init; }
}

/// <summary>Ourselves, as identity providers shall see us.</summary>
public sealed record SamlServiceProvider
{
    public required string EntityId { get; init; }

    /// <summary>Where responses are posted to; absolute.</summary>
    public required string AssertionConsumerUrl { get; init; }

    /// <summary>With which requests are signed; none when they are not.</summary>
    public IReadOnlyList<X509Certificate2> SigningCertificates { get; init; } = [];

    /// <summary>For which assertions may be encrypted (RSA).</summary>
    public IReadOnlyList<X509Certificate2> EncryptionCertificates { get; init; } = [];

    public IReadOnlyList<string> NameIdFormats { get; init; } = [];
}
