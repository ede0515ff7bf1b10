using PRTS.Audit;
using PRTS.Web.Access;
using PRTS.Web.Audit;

namespace PRTS.Silo.Cluster;

/// <summary>
/// Records who was refused as an agent. Agents ask often, one that was removed too, and anybody can: so many are recorded of an address within
/// five minutes. Nobody is shut out by that, for other agents may come from the same address.
/// </summary>
public sealed class RefusedAgents(DeniedAttempts denied, TimeProvider time)
{
    private readonly FailureLimiter recorded = new(time);

    public async Task Record(HttpContext http, AuditEntry entry)
    {
        var address = http.Connection.RemoteIpAddress;
        if (recorded.IsBlocked(address)) return;
        recorded.Failed(address);
        await denied.Record(recorded.IsBlocked(address) ? entry with { Reason = $"{entry.Reason} More from this address are not recorded for some minutes." } : entry);
    }
}
