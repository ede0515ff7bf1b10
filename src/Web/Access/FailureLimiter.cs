using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;

namespace PRTS.Web.Access;

/// <summary>Counts refused logins by network address, so that one address cannot try many accounts. In memory, bounded, per server.</summary>
public sealed class FailureLimiter(TimeProvider time)
{
    public const int Allowed = 30;
    private const int MostAddresses = 20_000;
    private static readonly TimeSpan Window = TimeSpan.FromMinutes(5);
    private readonly ConcurrentDictionary<IPAddress, Count> counts = new();

    private sealed record Count(int Failures, DateTimeOffset Until);

    public bool IsBlocked(IPAddress? address) =>
        counts.TryGetValue(Key(address), out var count) && count.Until > time.GetUtcNow() && count.Failures >= Allowed;

    public void Failed(IPAddress? address)
    {
        var now = time.GetUtcNow();
        if (counts.Count >= MostAddresses)
        {
            foreach (var old in counts.Where(entry => entry.Value.Until <= now)) counts.TryRemove(old);
            if (counts.Count >= MostAddresses) counts.Clear();
        }

        counts.AddOrUpdate(
            Key(address),
            _ => new(1, now + Window),
            (_, count) => count.Until <= now ? new(1, now + Window) : count with { Failures = count.Failures + 1 });
    }

    /// <summary>A home or data centre has a whole /64 of IPv6: its addresses count as one.</summary>
    private static IPAddress Key(IPAddress? address)
    {
        if (address is null) return IPAddress.None;
        if (address.IsIPv4MappedToIPv6) return address.MapToIPv4();
        if (address.AddressFamily != AddressFamily.InterNetworkV6) return address;
        var bytes = address.GetAddressBytes();
        bytes.AsSpan(8).Clear();
        return new IPAddress(bytes);
    }
}
