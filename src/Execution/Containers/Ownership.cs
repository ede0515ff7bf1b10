using Docker.DotNet.Models;

namespace PRTS.Execution.Containers;

/// <summary>Labels and names that tell whose a container or network is, so that whoever comes after a crash finds it.</summary>
internal static class Ownership
{
    public const string Agent = "prts.agent";
    public const string Attempt = "prts.attempt";

    public static Dictionary<string, string> Labels(ExecutionOptions options, string attempt) => new(StringComparer.Ordinal)
    {
        [Agent] = options.JobsDirectory,
        [Attempt] = attempt,
    };

    public static IDictionary<string, IDictionary<string, bool>> Filter(string label, string value) =>
        new Dictionary<string, IDictionary<string, bool>>(StringComparer.Ordinal) { ["label"] = new Dictionary<string, bool>(StringComparer.Ordinal) { [$"{label}={value}"] = true } };
}

/// <summary>Removes containers and networks by their label.</summary>
internal static class Removal
{
    /// <summary>All that has the label. Safe to repeat.</summary>
    public static async Task Of(ContainerEngine engine, string label, string value, Func<IDictionary<string, string>, bool> which, CancellationToken ct)
    {
        var filters = Ownership.Filter(label, value);
        var containers = await engine.Ask("the job's containers could not be listed", client =>
            client.Containers.ListContainersAsync(new ContainersListParameters { All = true, Filters = filters }, ct));
        await Task.WhenAll(containers.Where(container => which(container.Labels)).Select(container => IfThere(() => engine.Ask($"the container {container.Names.FirstOrDefault()} could not be removed", client =>
            client.Containers.RemoveContainerAsync(container.ID, new ContainerRemoveParameters { Force = true, RemoveVolumes = true }, ct)))));
        var networks = await engine.Ask("the job's networks could not be listed", client => client.Networks.ListNetworksAsync(new NetworksListParameters { Filters = filters }, ct));
        await Task.WhenAll(networks.Where(network => which(network.Labels)).Select(network => IfThere(() => engine.Ask($"the network {network.Name} could not be removed", client =>
            client.Networks.DeleteNetworkAsync(network.ID, ct)))));
    }

    private static async Task IfThere(Func<Task> removal)
    {
        try
        {
            await removal();
        }
        catch (EngineException e) when (e.IsMissing)
        {
            // Somebody else removed it.
        }
    }
}
