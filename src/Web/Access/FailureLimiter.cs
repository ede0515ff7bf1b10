using System.Collections.Concurrent;
using System.Net;
using PRTS.Web.Gateway;

namespace PRTS.Web.Access;

/// <summary>Counts refused logins by network address, so that one address cannot try many accounts. In memory, bounded, per server.</summary>
/// <param name="allowed">So many within five minutes.</param>
public sealed class FailureLimiter(TimeProvider time, int allowed = 30)
{
    /// <summary>How long an address is blocked, for <c>Retry-After</c>.</summary>
    public const string Seconds = "300";
    private const int MostAddresses = 20_000;
    private static readonly TimeSpan Window = TimeSpan.FromMinutes(5);
    private readonly ConcurrentDictionary<IPAddress, Count> counts = new();

    private sealed record Count(int Failures, DateTimeOffset Until);

    public bool IsBlocked(IPAddress? address) =>
        counts.TryGetValue(AddressGroup.Of(address), out var count) && count.Until > time.GetUtcNow() && count.Failures >= allowed;

    public void Failed(IPAddress? address)
    {
        var now = time.GetUtcNow();
        if (counts.Count >= MostAddresses)
        {
            foreach (var old in counts.Where(entry => entry.Value.Until <= now)) counts.TryRemove(old);
            if (counts.Count >= MostAddresses) counts.Clear();
        }

        counts.AddOrUpdate(
            AddressGroup.Of(address),
            _ => new(1, now + Window),
            (_, count) => count.Until <= now ? new(1, now + Window) : count with { Failures = count.Failures + 1 });
    }
}
