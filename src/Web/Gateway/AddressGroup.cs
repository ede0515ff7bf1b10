using System.Net;
using System.Net.Sockets;

namespace PRTS.Web.Gateway;

/// <summary>What of an address is one party: a home or data centre has a whole /64 of IPv6, so its addresses count as one.</summary>
public static class AddressGroup
{
    public static IPAddress Of(IPAddress? address)
    {
        if (address is null) return IPAddress.None;
        if (address.IsIPv4MappedToIPv6) return address.MapToIPv4();
        if (address.AddressFamily != AddressFamily.InterNetworkV6) return address;
        var bytes = address.GetAddressBytes();
        bytes.AsSpan(8).Clear();
        return new IPAddress(bytes);
    }
}
