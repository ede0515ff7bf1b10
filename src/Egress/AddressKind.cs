using System.Net;
using System.Net.Sockets;

namespace PRTS.Egress;

/// <summary>What an address is for. Only <see cref="Public"/> ones are somebody else's on the internet.</summary>
public enum AddressKind
{
    Public,
    Unspecified,
    Loopback,

    /// <summary>Of a private network: RFC 1918, unique local (RFC 4193) and the deprecated site local.</summary>
    Private,

    /// <summary>Between a provider and its customers (RFC 6598).</summary>
    Shared,
    LinkLocal,

    /// <summary>Where a cloud tells a machine its credentials.</summary>
    Metadata,
    Multicast,
    Documentation,

    /// <summary>Not given out, for measurements, or of a transition mechanism whose end nobody can tell.</summary>
    Reserved,
}

/// <summary>The registries of special addresses of IANA (RFC 6890), and what embeds an IPv4 address in an IPv6 one.</summary>
public static class AddressKinds
{
    private static readonly (IPNetwork Network, AddressKind Kind)[] Special =
    [
        .. Of(AddressKind.Metadata, "169.254.169.254/32", "169.254.170.2/32", "169.254.170.23/32", "100.100.100.200/32", "192.0.0.192/32", "168.63.129.16/32",
            "fd00:ec2::254/128", "fd00:ec2::23/128", "fd20:ce::254/128"),
        .. Of(AddressKind.Unspecified, "0.0.0.0/8", "::/128"),
        .. Of(AddressKind.Loopback, "127.0.0.0/8", "::1/128"),
        .. Of(AddressKind.Private, "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7", "fec0::/10"),
        .. Of(AddressKind.Shared, "100.64.0.0/10"),
        .. Of(AddressKind.LinkLocal, "169.254.0.0/16", "fe80::/10"),
        .. Of(AddressKind.Multicast, "224.0.0.0/4", "ff00::/8"),
        .. Of(AddressKind.Documentation, "192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24", "2001:db8::/32", "3fff::/20"),
        // Of protocols, of 6to4's relays, for measurements, and class E with the broadcast address.
        .. Of(AddressKind.Reserved, "192.0.0.0/24", "192.88.99.0/24", "198.18.0.0/15", "240.0.0.0/4"),
        // Protocols (Teredo among them), 6to4, and local-use NAT64: what they lead to is for others to say.
        .. Of(AddressKind.Reserved, "2001::/23", "2002::/16", "64:ff9b:1::/48"),
    ];

    private static readonly IPNetwork GlobalUnicast = IPNetwork.Parse("2000::/3");
    private static readonly IPNetwork Nat64 = IPNetwork.Parse("64:ff9b::/96");

    public static AddressKind Of(IPAddress address)
    {
        if (Embedded(address) is { } inner) return Of(inner);
        foreach (var (network, kind) in Special)
        {
            if (network.Contains(address)) return kind;
        }

        // Of IPv6 only an eighth is given out at all.
        return address.AddressFamily == AddressFamily.InterNetwork || GlobalUnicast.Contains(address) ? AddressKind.Public : AddressKind.Reserved;
    }

    /// <summary>The IPv4 address at which a connection to this IPv6 address ends: mapped (RFC 4291), NAT64 (RFC 6052), ISATAP (RFC 5214).</summary>
    public static IPAddress? Embedded(IPAddress address)
    {
        if (address.AddressFamily != AddressFamily.InterNetworkV6) return null;
        if (address.IsIPv4MappedToIPv6) return address.MapToIPv4();
        var bytes = address.GetAddressBytes();
        var isIsatap = bytes.AsSpan(8, 4) is [0x00 or 0x02, 0x00, 0x5e, 0xfe];
        return Nat64.Contains(address) || isIsatap ? new IPAddress(bytes.AsSpan(12)) : null;
    }

    private static IEnumerable<(IPNetwork, AddressKind)> Of(AddressKind kind, params string[] networks) => networks.Select(network => (IPNetwork.Parse(network), kind));
}
