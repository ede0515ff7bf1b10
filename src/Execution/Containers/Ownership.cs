using System.Security.Cryptography;
using System.Text;
using Docker.DotNet.Models;
using PRTS.Execution.Jobs;

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

    /// <summary>
    /// A name for what belongs to the attempt. Another installation on this machine has an attempt of the same name, and may use the same
    /// engine: it gets another one.
    /// </summary>
    public static string NameOf(ExecutionOptions options, string attempt) =>
        $"prts-{JobDirectory.NameOf(attempt)}-{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(options.JobsDirectory)))[..8]}";
}

/// <summary>Removes an agent's containers and networks, which its labels tell.</summary>
internal static class Removal
{
    /// <summary>What has the agent's label, of the attempts that are meant. Safe to repeat.</summary>
    public static async Task Of(ContainerEngine engine, ExecutionOptions options, Func<string, bool> attempts, CancellationToken ct)
    {
        var filters = new Dictionary<string, IDictionary<string, bool>>(StringComparer.Ordinal)
        {
            ["label"] = new Dictionary<string, bool>(StringComparer.Ordinal) { [$"{Ownership.Agent}={options.JobsDirectory}"] = true },
        };
        var containers = await engine.Ask("the job's containers could not be listed", client =>
            client.Containers.ListContainersAsync(new ContainersListParameters { All = true, Filters = filters }, ct));
        await Task.WhenAll(containers.Where(container => IsMeant(container.Labels)).Select(container => IfThere(() => engine.Ask($"the container {container.Names.FirstOrDefault()} could not be removed", client =>
            client.Containers.RemoveContainerAsync(container.ID, new ContainerRemoveParameters { Force = true, RemoveVolumes = true }, ct)))));
        var networks = await engine.Ask("the job's networks could not be listed", client => client.Networks.ListNetworksAsync(new NetworksListParameters { Filters = filters }, ct));
        await Task.WhenAll(networks.Where(network => IsMeant(network.Labels)).Select(network => IfThere(() => JobNetwork.Remove(engine, network, ct))));

        bool IsMeant(IDictionary<string, string> labels) => labels.TryGetValue(Ownership.Attempt, out var attempt) && attempts(attempt);
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
