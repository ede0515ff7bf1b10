using System.Globalization;
using Docker.DotNet.Models;
using PRTS.Execution.Containers;
using PRTS.Pipelines.Planning;

namespace PRTS.Execution.Images;

/// <summary>
/// Fences in what a Dockerfile runs: it is the job's as its steps are, so it has the job's network and limits (docs/adr/0006). A job
/// without containers has no network; then the build gets one of its own, with the same rule.
/// </summary>
/// <param name="name">The network.</param>
/// <param name="labels">Of a network that is made here: the job's, so that its clean-up finds what this process cannot remove any more.</param>
internal sealed class BuildFence(ContainerEngine engine, string name, IDictionary<string, string> labels, ContainerLimits? limits)
{
    private bool isOwn;

    /// <summary>Makes the network where the job has none.</summary>
    public async Task Raise(CancellationToken ct)
    {
        try
        {
            await engine.Ask("the job's network could not be looked at", client => client.Networks.InspectNetworkAsync(name, ct));
        }
        catch (EngineException e) when (e.IsMissing)
        {
            await JobNetwork.Create(engine, name, labels, ct);
            isOwn = true;
        }
    }

    /// <summary>
    /// The build's interface knows no limit of processes, so each container of the build gets it as it comes up. What it has forked until then
    /// counts: the kernel refuses any more. Runs until it is canceled.
    /// </summary>
    /// <param name="since">Before the build begins.</param>
    public async Task LimitProcesses(DateTimeOffset since, CancellationToken ct)
    {
        var limiting = new List<Task>();
        var events = new ContainerEventsParameters
        {
            Since = since.ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture),
            Filters = new Dictionary<string, IDictionary<string, bool>>(StringComparer.Ordinal)
            {
                ["type"] = new Dictionary<string, bool>(StringComparer.Ordinal) { ["container"] = true },
                // While it starts, an update may come too late for its making and too early for its running.
                ["event"] = new Dictionary<string, bool>(StringComparer.Ordinal) { ["create"] = true, ["start"] = true },
            },
        };
        try
        {
            await engine.Ask("the engine's events could not be read", client =>
                client.System.MonitorEventsAsync(events, new Listener<Message>(happened => limiting.Add(LimitProcesses(happened.Actor?.ID ?? "", ct))), ct));
        }
        catch (OperationCanceledException) when (ct.IsCancellationRequested)
        {
            // The build has ended.
        }
        catch (EngineException e) when (!e.IsGone)
        {
            Console.WriteLine($"The build's processes are not limited: {e.Message}");
        }
        await Task.WhenAll(limiting);
    }

    /// <summary>What cannot be removed now (a canceled build's container is still being stopped), the job's clean-up removes.</summary>
    public async Task Lower()
    {
        if (!isOwn)
            return;
        try
        {
            var network = await engine.Ask("the job's network could not be looked at", client => client.Networks.InspectNetworkAsync(name));
            await JobNetwork.Remove(engine, network, CancellationToken.None);
        }
        catch (EngineException e) when (!e.IsGone)
        {
            Console.WriteLine(e.Message);
        }
    }

    private async Task LimitProcesses(string container, CancellationToken ct)
    {
        try
        {
            var state = await engine.Ask("a container of the build could not be looked at", client => client.Containers.InspectContainerAsync(container, ct));
            if (state.HostConfig?.NetworkMode == name && state.Config?.Labels?.ContainsKey(Ownership.Attempt) != true)
                await engine.Ask("the processes of the build could not be limited", client =>
                    client.Containers.UpdateContainerAsync(container, new ContainerUpdateParameters { PidsLimit = Sandbox.PidsOf(limits) }, ct));
        }
        catch (OperationCanceledException) when (ct.IsCancellationRequested)
        {
            // The build has ended.
        }
        catch (EngineException e) when (!e.IsGone)
        {
            // Most containers of a build run for a moment only, and this one is gone.
            if (!e.IsMissing)
                Console.WriteLine(e.Message);
        }
    }
}
