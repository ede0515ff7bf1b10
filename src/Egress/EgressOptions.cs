using System.Net;
using System.Security.Cryptography.X509Certificates;

namespace PRTS.Egress;

/// <summary>Asks for the addresses of a host, once for each new connection.</summary>
public delegate Task<IPAddress[]> ResolveHost(string host, CancellationToken cancellationToken);

/// <summary>How far a request may go.</summary>
public sealed record EgressOptions
{
    public AddressRules Rules { get; init; } = AddressRules.Strict;

    /// <summary>The machine's own resolver unless a test has another.</summary>
    public ResolveHost Resolve { get; init; } = static (host, cancellationToken) => Dns.GetHostAddressesAsync(host, cancellationToken);

    /// <summary>That certificates of servers may come from; null: the machine's.</summary>
    public X509Certificate2Collection? Authorities { get; init; }

    public int MostRedirects { get; init; } = 5;

    /// <summary>Largest body of an answer. Bytes.</summary>
    public long MostBytes { get; init; } = 10 << 20;

    /// <summary>Largest body of a request, which is kept in memory in case a redirect asks for it again. Bytes.</summary>
    public long MostSent { get; init; } = 10 << 20;

    public TimeSpan ConnectTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>From the first connection to the last byte of the answer, redirects included.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(30);
}
