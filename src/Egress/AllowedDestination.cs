using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace PRTS.Egress;

/// <summary>One entry of what an operator allows: a network or a host, with one port or with all.</summary>
internal sealed record AllowedDestination
{
    /// <summary>Null: <see cref="Host"/> is set.</summary>
    public IPNetwork? Network { get; private init; }

    /// <summary>In lower case; <c>.example.com</c> stands for all below it.</summary>
    public string? Host { get; private init; }

    /// <summary>Null: every port.</summary>
    public int? Port { get; private init; }

    /// <summary>
    /// Reads <c>10.0.0.0/8</c>, <c>10.1.2.3</c>, <c>[fd00::1]:8080</c>, <c>git.example.com</c>, <c>git.example.com:8080</c> or
    /// <c>*.example.com</c>. Null when it is none of them.
    /// </summary>
    public static AllowedDestination? Parse(string entry)
    {
        if (ReadNetwork(entry) is { } network) return new() { Network = network };
        int? port = null;
        if (entry.LastIndexOf(':') is > 0 and var colon && (entry[colon - 1] == ']' || entry.Count(c => c == ':') == 1))
        {
            if (!int.TryParse(entry.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var number) || number is < 1 or > 65535) return null;
            (port, entry) = (number, entry[..colon]);
        }

        if (ReadNetwork(entry.Trim('[', ']')) is { } withPort) return new() { Network = withPort, Port = port };
        var host = entry.ToLowerInvariant();
        var name = host.StartsWith("*.", StringComparison.Ordinal) ? host[2..] : host;
        // A mistyped address ("10.0.0.0/33", "300.1.1.1") must not pass for a name.
        return Uri.CheckHostName(name) == UriHostNameType.Dns && !name.All(c => char.IsAsciiDigit(c) || c == '.')
            ? new() { Host = host.StartsWith("*.", StringComparison.Ordinal) ? host[1..] : host, Port = port }
            : null;
    }

    public bool IsForPort(int port) => Port is null || Port == port;

    public bool IsHost(string host) =>
        Host is not null && (Host[0] == '.' ? host.EndsWith(Host, StringComparison.OrdinalIgnoreCase) : host.Equals(Host, StringComparison.OrdinalIgnoreCase));

    /// <summary>Whether the network has the address: an IPv4 network also has it when it comes inside an IPv6 address.</summary>
    public bool Contains(IPAddress address) =>
        Network is { } network && (network.Contains(address) || (AddressKinds.Embedded(address) is { } inner && network.Contains(inner)));

    private static IPNetwork? ReadNetwork(string text)
    {
        if (text.Contains('/', StringComparison.Ordinal)) return IPNetwork.TryParse(text, out var network) ? network : null;
        // Not "10.1" and not "0x7f000001", which are addresses to some programs and not to others.
        return IPAddress.TryParse(text, out var address) && (address.AddressFamily == AddressFamily.InterNetworkV6 || address.ToString() == text)
            ? new IPNetwork(address, address.AddressFamily == AddressFamily.InterNetwork ? 32 : 128)
            : null;
    }
}
