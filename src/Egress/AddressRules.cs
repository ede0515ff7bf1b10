using System.Globalization;
using System.Net;

namespace PRTS.Egress;

/// <summary>
/// Where requests may go that somebody else chose the address of: to public addresses, on the ports of the web, and to what the operator
/// allows beyond that. Pure: names are resolved elsewhere.
/// </summary>
public sealed class AddressRules
{
    /// <summary>The setting that allows more.</summary>
    public const string Setting = "PRTS_EGRESS_ALLOW";

    private static readonly int[] WebPorts = [80, 443, 8080, 8443];
    private readonly AllowedDestination[] allowed;

    private AddressRules(AllowedDestination[] allowed) => this.allowed = allowed;

    /// <summary>Nothing beyond the public.</summary>
    public static AddressRules Strict { get; } = new([]);

    /// <summary>
    /// Entries separated by commas: networks (<c>10.0.0.0/8</c>), addresses and hosts (<c>git.example.com</c>, <c>*.example.com</c>), each
    /// with every port or with one (<c>git.example.com:9000</c>). What a host resolves to is allowed with it, except link-local and metadata
    /// addresses, which only a network or an address allows.
    /// </summary>
    /// <param name="problems">One for each entry that cannot be read; those are left out.</param>
    public static AddressRules Parse(string? allow, out IReadOnlyList<string> problems)
    {
        var wrong = new List<string>();
        var entries = new List<AllowedDestination>();
        foreach (var entry in (allow ?? "").Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
        {
            if (AllowedDestination.Parse(entry) is { } destination) entries.Add(destination);
            else wrong.Add($"{Setting} has '{entry}': it must be a network such as 10.0.0.0/8, an address or a host name, with or without :port.");
        }

        problems = wrong;
        return new([.. entries]);
    }

    /// <summary>Null when the host may be asked on this port, as far as can be said before its name is resolved.</summary>
    /// <param name="host">As in an address; IPv6 without brackets.</param>
    public EgressRefusedException? CheckPort(string host, int port)
    {
        if (Array.IndexOf(WebPorts, port) >= 0) return null;
        if (allowed.Any(entry => entry.IsForPort(port) && entry.IsHost(host))) return null;
        // Whether it lies in an allowed network, its addresses will tell.
        return allowed.Any(entry => entry.IsForPort(port) && entry.Network is not null) ? null : PortRefused(host, port);
    }

    /// <summary>Null when a connection to this address, which <paramref name="host"/> resolved to, is allowed.</summary>
    public EgressRefusedException? Check(string host, int port, IPAddress address)
    {
        var kind = AddressKinds.Of(address);
        var entries = allowed.Where(entry => entry.IsForPort(port)).ToList();
        if (entries.Any(entry => entry.Contains(address))) return null;
        var isAllowedHost = entries.Any(entry => entry.IsHost(host));
        if (kind == AddressKind.Public) return Array.IndexOf(WebPorts, port) >= 0 || isAllowedHost ? null : PortRefused(host, port);
        if (isAllowedHost && kind is not (AddressKind.LinkLocal or AddressKind.Metadata)) return null;
        var what = IPAddress.TryParse(host, out var literal) && literal.Equals(address) ? $"{address} is {Describe(kind)}" : $"{host} resolves to {address}, which is {Describe(kind)}";
        return new(EgressReason.Address, $"{what}: {Setting}={address} would allow it.", Setting);
    }

    private static EgressRefusedException PortRefused(string host, int port) => new(
        EgressReason.Port, string.Create(CultureInfo.InvariantCulture, $"Port {port} of {host} is none of the web's (80, 443, 8080, 8443): {Setting}={InEntry(host)}:{port} would allow it."), Setting);

    private static string InEntry(string host) => host.Contains(':', StringComparison.Ordinal) ? $"[{host}]" : host;

    private static string Describe(AddressKind kind) => kind switch
    {
        AddressKind.Unspecified => "no address of a host",
        AddressKind.Loopback => "this machine itself",
        AddressKind.Private => "an address of a private network",
        AddressKind.Shared => "an address of a provider's network",
        AddressKind.LinkLocal => "a link-local address",
        AddressKind.Metadata => "a cloud's metadata service",
        AddressKind.Multicast => "a multicast address",
        AddressKind.Documentation => "an address for documentation",
        _ => "a reserved address",
    };
}
