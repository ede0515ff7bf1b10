using System.Security.Cryptography.X509Certificates;

namespace PRTS.Saml;

/// <summary>What a response must match to be accepted. All of it is configuration or our own memory; nothing comes from the response.</summary>
public sealed record SamlExpectations
{
    /// <summary>The entity id of the identity provider that this sign-in belongs to.</summary>
    public required string IdentityProvider { get; init; }

    /// <summary>
    /// The identity provider's signing certificates; several while it changes its key. Only the keys count: a certificate that has run out is trusted until it is taken
    /// out of the configuration. RSA keys of fewer than 2048 bits are not trusted.
    /// </summary>
    public required IReadOnlyList<X509Certificate2> Certificates { get; init; }

    /// <summary>Our own entity id, which must be among the audiences.</summary>
    public required string ServiceProvider { get; init; }

    /// <summary>The absolute address that the form is posted to, as the identity provider knows it.</summary>
    public required string AssertionConsumerUrl { get; init; }

    /// <summary>
    /// The ids of the requests that this browser has made and that have not been answered. They must be bound to the browser (a cookie), or a response that is meant
    /// for an attacker's browser can be planted in another.
    /// </summary>
    public required IReadOnlyCollection<string> Requests { get; init; }

    /// <summary>Whether a response that answers no request is accepted. Then anybody can sign somebody else's browser in as himself.</summary>
    public bool AllowUnsolicited { get; init; }

    /// <summary>Our certificates with private RSA keys, for encrypted assertions; empty when none are expected.</summary>
    public IReadOnlyList<X509Certificate2> DecryptionCertificates { get; init; } = [];

    public TimeProvider Clock { get; init; } = TimeProvider.System;

    /// <summary>How far the identity provider's clock may differ from ours, not negative.</summary>
    public TimeSpan AllowedSkew { get; init; } = TimeSpan.FromMinutes(2);
}

/// <summary>Remembers which assertions were used. The memory must outlive restarts and be shared by all servers.</summary>
public interface ISamlReplayGuard
{
    /// <summary>
    /// Notes that the assertion is used now, atomically. False when it was noted before; the response is then rejected.
    /// </summary>
    /// <param name="issuer">The identity provider's entity id: assertion ids are unique only within it.</param>
    /// <param name="assertionId">As the assertion has it, at most 256 characters.</param>
    /// <param name="until">After this moment the assertion is rejected anyway and may be forgotten.</param>
    ValueTask<bool> TryUse(string issuer, string assertionId, DateTimeOffset until, CancellationToken cancellationToken);
}
