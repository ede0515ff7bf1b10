using System.Net;
using Docker.DotNet.Models;
using PRTS.Execution.Native;

namespace PRTS.Execution.Containers;

/// <summary>
/// A job's network: a bridge of its own. Machines of a cloud ask a link-local address for their own credentials; what stands in the
/// network does not reach it, because a routing rule of this machine prohibits that to the network's addresses.
/// </summary>
internal static class JobNetwork
{
    public static async Task Create(ContainerEngine engine, string name, IDictionary<string, string> labels, CancellationToken ct)
    {
        await engine.Ask("the job's network could not be made", client =>
            client.Networks.CreateNetworkAsync(new NetworksCreateParameters { Name = name, Driver = "bridge", Labels = labels }, ct));
        // Without root the engine has none either, or only it could change the machine's routes.
        if (!Linux.IsRoot)
            return;
        var network = await engine.Ask("the job's network could not be looked at", client => client.Networks.InspectNetworkAsync(name, ct));
        try
        {
            foreach (var subnet in Subnets(network))
                RoutingRules.ProhibitLinkLocal(subnet);
        }
        catch (IOException e)
        {
            throw new EngineException($"the job's network could not be kept from the machine's link-local services: {e.Message}", e);
        }
    }

    /// <summary>The rule goes before the network does: after that its addresses may be another's, who needs it.</summary>
    public static async Task Remove(ContainerEngine engine, NetworkResponse network, CancellationToken ct)
    {
        if (Linux.IsRoot)
        {
            foreach (var subnet in Subnets(network))
                RoutingRules.AllowLinkLocal(subnet);
        }
        await engine.Ask($"the network {network.Name} could not be removed", client => client.Networks.DeleteNetworkAsync(network.ID, ct));
    }

    private static IEnumerable<IPNetwork> Subnets(NetworkResponse network) =>
        (network.IPAM?.Config ?? []).Where(config => config.Subnet is { Length: > 0 }).Select(config => IPNetwork.Parse(config.Subnet!))
            .Where(subnet => subnet.BaseAddress.AddressFamily == System.Net.Sockets.AddressFamily.InterNetwork);
}
