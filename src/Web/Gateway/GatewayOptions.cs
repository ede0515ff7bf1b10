using System.Net;
using PRTS.Egress;

namespace PRTS.Web.Gateway;

/// <summary>How the control plane meets the network. Filled by the host from its settings (docs/configuration.md).</summary>
public sealed record GatewayOptions
{
    /// <summary>TLS ends at this server: what comes without is sent there.</summary>
    public bool Tls { get; init; }

    /// <summary>For the command with which a machine joins that trusts nobody yet: <c>sha256//…</c> of the certificate's key. Null: everybody can trust it.</summary>
    public Func<string?> KeyPin { get; init; } = static () => null;

    /// <summary>The certificates to trust, in PEM, where the public authorities do not vouch for ours.</summary>
    public Func<string?> Trust { get; init; } = static () => null;

    /// <summary>Whose X-Forwarded-For and X-Forwarded-Proto are believed.</summary>
    public IReadOnlyList<IPNetwork> TrustedProxies { get; init; } = [];

    /// <summary>More addresses under which our own pages are reached, such as <c>https://ci.example.com</c>.</summary>
    public IReadOnlyList<string> Origins { get; init; } = [];

    public RateSettings Rates { get; init; } = new();

    /// <summary>How long a call of the API may take that is neither a stream nor a transfer of files.</summary>
    public TimeSpan ApiTimeout { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>Where requests may go that are made for a user.</summary>
    public AddressRules Egress { get; init; } = AddressRules.Strict;

    /// <summary>Browsers come over TLS, here or at a proxy that we believe: cookies can be bound to it.</summary>
    public bool IsSecure(string publicUrl) => Tls || (TrustedProxies.Count > 0 && publicUrl.StartsWith("https:", StringComparison.OrdinalIgnoreCase));
}
