using System.Security.Cryptography;
using System.Text;
using Docker.DotNet.Models;
using PRTS.Execution.Images;
using PRTS.Execution.Jobs;

namespace PRTS.Execution.Containers;

/// <summary>Labels and names that tell whose a container or network is, so that whoever comes after a crash finds it.</summary>
internal static class Ownership
{
    public const string Agent = "prts.agent";
    public const string Attempt = "prts.attempt";

    /// <summary>The <see cref="OwningProcess"/>, of what nobody adopts when it dies.</summary>
    public const string Owner = "prts.owner";

    public static Dictionary<string, string> Labels(ExecutionOptions options, string attempt)
    {
        var labels = new Dictionary<string, string>(StringComparer.Ordinal) { [Agent] = options.JobsDirectory, [Attempt] = attempt };
        if (options.EndsWithProcess)
            labels[Owner] = OwningProcess.Current;
        return labels;
    }

    /// <summary>
    /// A name for what belongs to the attempt. Another installation on this machine has an attempt of the same name, and may use the same
    /// engine: it gets another one.
    /// </summary>
    public static string NameOf(ExecutionOptions options, string attempt) =>
        $"prts-{JobDirectory.NameOf(attempt)}-{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(options.JobsDirectory)))[..8]}";
}

/// <summary>Removes an agent's containers and networks, which its labels tell, and what its image builds left.</summary>
internal static class Removal
{
    /// <summary>What has the agent's label, of the jobs that are meant, and what their image builds left. Safe to repeat.</summary>
    /// <param name="jobs">Told by the names of their directories.</param>
    public static async Task Of(ContainerEngine engine, ExecutionOptions options, Func<string, bool> jobs, CancellationToken ct)
    {
        await OfLabeled(engine, $"{Ownership.Agent}={options.JobsDirectory}", labels => labels.TryGetValue(Ownership.Attempt, out var attempt) && jobs(JobDirectory.NameOf(attempt)), ct);
        await BuildRecord.RemoveLeftovers(engine, options.JobsDirectory, jobs, ct);
    }

    /// <summary>What processes left that are gone and that nobody follows. Safe to repeat, and beside others that do the same.</summary>
    public static async Task OfTheDead(ContainerEngine engine, CancellationToken ct)
    {
        var dead = await OfLabeled(engine, Ownership.Owner, labels => labels.TryGetValue(Ownership.Owner, out var owner) && OwningProcess.IsGone(owner), ct);
        foreach (var jobs in dead.Select(labels => labels.TryGetValue(Ownership.Agent, out var jobs) ? jobs : null).OfType<string>().Distinct(StringComparer.Ordinal))
            await BuildRecord.RemoveLeftovers(engine, jobs, _ => true, ct);
    }

    /// <returns>The labels of what was meant.</returns>
    private static async Task<IReadOnlyList<IDictionary<string, string>>> OfLabeled(ContainerEngine engine, string label, Func<IDictionary<string, string>, bool> isMeant, CancellationToken ct)
    {
        var filters = new Dictionary<string, IDictionary<string, bool>>(StringComparer.Ordinal) { ["label"] = new Dictionary<string, bool>(StringComparer.Ordinal) { [label] = true } };
        var containers = (await engine.Ask("the job's containers could not be listed", client =>
            client.Containers.ListContainersAsync(new ContainersListParameters { All = true, Filters = filters }, ct))).Where(container => isMeant(container.Labels)).ToList();
        await Task.WhenAll(containers.Select(container => Remove(engine, container, ct)));
        var networks = (await engine.Ask("the job's networks could not be listed", client =>
            client.Networks.ListNetworksAsync(new NetworksListParameters { Filters = filters }, ct))).Where(network => isMeant(network.Labels)).ToList();
        await Task.WhenAll(networks.Select(network => Remove(engine, network, ct)));
        return [.. containers.Select(container => container.Labels), .. networks.Select(network => network.Labels)];
    }

    /// <summary>With all that stands in it: the engine's own containers of an image build have no label, but the job's network.</summary>
    private static async Task Remove(ContainerEngine engine, NetworkResponse network, CancellationToken ct)
    {
        var filters = new Dictionary<string, IDictionary<string, bool>>(StringComparer.Ordinal) { ["network"] = new Dictionary<string, bool>(StringComparer.Ordinal) { [network.Name] = true } };
        var containers = await engine.Ask("the network's containers could not be listed", client =>
            client.Containers.ListContainersAsync(new ContainersListParameters { All = true, Filters = filters }, ct));
        await Task.WhenAll(containers.Select(container => Remove(engine, container, ct)));
        await IfThere(() => JobNetwork.Remove(engine, network, ct));
    }

    private static Task Remove(ContainerEngine engine, ContainerListResponse container, CancellationToken ct) => IfThere(() => engine.Ask(
        $"the container {container.Names.FirstOrDefault()} could not be removed",
        client => client.Containers.RemoveContainerAsync(container.ID, new ContainerRemoveParameters { Force = true, RemoveVolumes = true }, ct)));

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
