using Docker.DotNet.Models;
using PRTS.Api.Builds;
using PRTS.Execution.Jobs;
using PRTS.Execution.Native;
using PRTS.Execution.Users;
using PRTS.Execution.Workspaces;
using PRTS.Pipelines.Planning;

namespace PRTS.Execution.Containers;

/// <summary>
/// A job's network, its services and the container that its steps run in. All of it is found by name and label, so nothing needs to
/// be remembered: an agent that adopts the job finds it, and one that finds it half made begins again.
/// </summary>
internal sealed class JobContainers(ContainerEngine engine, ExecutionOptions options, JobAssignment job, Workspace workspace, TimeProvider clock)
{
    private readonly Images images = new(engine, new RegistryCredentials(RegistryCredentials.UsualFile));
    private readonly Dictionary<string, string> labels = Ownership.Labels(options, job.Attempt);
    private LocalImage? image;

    /// <summary>Of the network and the job's own container; the services add their host names.</summary>
    private string Name { get; } = Ownership.NameOf(options, job.Attempt);

    private PlannedContainer Container => job.Job.Container!;

    /// <summary>There may be something to remove.</summary>
    public bool HasPrepared { get; private set; }

    /// <summary>What is known of where the steps would run, before anything is made; null when the image has to be got first.</summary>
    public async Task<ContainerSteps?> Look(CancellationToken ct) =>
        Container.Pull != PullPolicy.Always && await images.Find(Container.Image, ct) is { } present ? new(engine, Name, workspace, options.SupervisorPath, present) : null;

    /// <summary>Network, images and services, all of them ready.</summary>
    /// <param name="anew">An earlier agent process may have begun with it: what it left is removed first.</param>
    /// <exception cref="EngineException">The message says what could not be had.</exception>
    public async Task Prepare(bool anew, CancellationToken ct)
    {
        HasPrepared = true;
        if (anew)
            await Removal.Of(engine, options, name => name == JobDirectory.NameOf(job.Attempt), ct);
        var network = JobNetwork.Create(engine, Name, labels, ct);
        var getting = job.Job.Container is { } own ? images.Get(own, ct) : Task.FromResult<LocalImage>(null!);
        var services = Task.WhenAll(job.Job.ServiceContainers.Select(service => Serve(service, network, ct)));
        await Task.WhenAll(network, getting, services);
        image = await getting;
    }

    /// <summary>The job's own container, its first process waiting for steps. The workspace is there, and from now on belongs to the container's user.</summary>
    public async Task<ContainerSteps> Start(CancellationToken ct)
    {
        var present = image ?? throw new InvalidOperationException("Prepare comes first.");
        var steps = new ContainerSteps(engine, Name, workspace, options.SupervisorPath, present);
        var user = await User(Container.User ?? present.User, ct);
        var parameters = Sandbox.ForSteps(Name, present, Container, user, Name, workspace, labels);
        await engine.Ask($"the container of {Container.Image} could not be made", client => client.Containers.CreateContainerAsync(parameters, ct));
        workspace.BelongTo(await Owner(user, ct));
        steps.CreateFiles(job.Job.Steps);
        await engine.Ask($"the container of {Container.Image} could not be started", client => client.Containers.StartContainerAsync(Name, null, ct));
        return steps.Watch();
    }

    /// <summary>The container that an earlier agent process started.</summary>
    public async Task<ContainerSteps> Adopt(CancellationToken ct)
    {
        var container = await engine.Ask("the job's container could not be found again", client => client.Containers.InspectContainerAsync(Name, ct));
        workspace.BelongTo(await Owner(container.Config?.User ?? "", ct), takeOver: false);
        return new ContainerSteps(engine, Name, workspace, options.SupervisorPath, new(container.Image ?? "", [.. container.Config?.Env ?? []], container.Config?.User ?? "")).Watch();
    }

    /// <summary>The services' IP addresses, by name: for steps that run on this machine.</summary>
    public async Task<IReadOnlyDictionary<string, string>> Addresses(CancellationToken ct)
    {
        var addresses = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var service in job.Job.ServiceContainers)
        {
            var state = await engine.Ask($"the service {service.Name} could not be looked at", client => client.Containers.InspectContainerAsync($"{Name}-{service.Name}", ct));
            addresses[service.Name] = state.NetworkSettings!.Networks![Name].IPAddress;
        }
        return addresses;
    }

    /// <summary>
    /// An agent that is not root can give its files to nobody else. Then the steps are the agent's own user: that is root in the
    /// containers of an engine without root, and itself in those of one with root.
    /// </summary>
    private async Task<string> User(string wanted, CancellationToken ct)
    {
        if (Linux.IsRoot)
            return wanted;
        var info = await engine.Ask("the engine could not be asked about itself", client => client.System.GetSystemInfoAsync(ct));
        return info.SecurityOptions?.Any(option => option.Contains("rootless", StringComparison.Ordinal)) == true ? "0" : $"{Linux.Self.Uid}:{Linux.Self.Gid}";
    }

    private Task<JobUser> Owner(string user, CancellationToken ct) => Linux.IsRoot ? images.ResolveUser(Name, user, ct) : Task.FromResult(JobUser.Own);

    private async Task<string> Serve(PlannedContainer service, Task network, CancellationToken ct)
    {
        var present = await images.Get(service, ct);
        await network;
        var name = $"{Name}-{service.Name}";
        await engine.Ask($"the service {service.Name} could not be made", client => client.Containers.CreateContainerAsync(Sandbox.ForService(name, present, service, Name, labels), ct));
        await engine.Ask($"the service {service.Name} could not be started", client => client.Containers.StartContainerAsync(name, null, ct));
        await new ServiceHealth(engine, service, name, Name, clock).Wait(ct);
        return name;
    }
}
