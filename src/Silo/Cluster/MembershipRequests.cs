using Orleans.Serialization;
using PRTS.Contracts.Cluster;

namespace PRTS.Silo.Cluster;

/// <summary>Reads what agents send about the cluster's membership; null: it is none of that.</summary>
internal static class MembershipRequests
{
    /// <param name="text">As Orleans writes it: <c>address:port@generation</c>.</param>
    public static SiloAddress? Address(string text)
    {
        try
        {
            return SiloAddress.FromParsableString(text);
        }
        catch (Exception unread) when (unread is FormatException or OverflowException or ArgumentException)
        {
            return null;
        }
    }

    /// <summary>With a row that has an address. Which exceptions Orleans throws for bytes that it cannot read is not defined, and nothing but reading is done here.</summary>
    public static MembershipChange? Change(Serializer serializer, byte[] body)
    {
        try
        {
            return serializer.Deserialize<MembershipChange>(body) is { Entry.SiloAddress: not null } change ? change : null;
        }
        catch (Exception unread) when (unread is not OutOfMemoryException)
        {
            return null;
        }
    }
}
