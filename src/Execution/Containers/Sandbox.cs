using Docker.DotNet.Models;
using PRTS.Execution.Workspaces;
using PRTS.Pipelines.Planning;

namespace PRTS.Execution.Containers;

/// <summary>How a job's containers are fenced in.</summary>
internal static class Sandbox
{
    public const string Checkout = "/workspace";
    public const string Files = "/prts";
    public const string Outputs = "/prts/outputs";
    public const string Objects = "/prts/objects";
    public const string Init = "init";

    /// <summary>What package managers and servers need of root; not: raw packets, devices, chroot, and what the engine itself never gives.</summary>
    private static readonly string[] Capabilities = ["CHOWN", "DAC_OVERRIDE", "FOWNER", "FSETID", "KILL", "NET_BIND_SERVICE", "SETFCAP", "SETGID", "SETPCAP", "SETUID"];

    /// <summary>More than builds use, and less than what takes the machine down.</summary>
    private const long UsualPids = 4096;

    public static CreateContainerParameters ForSteps(string name, LocalImage image, PlannedContainer container, string user, string network, Workspace workspace, IDictionary<string, string> labels)
    {
        var parameters = Common(name, image, network, labels, container.Limits);
        var host = parameters.HostConfig!;
        parameters.User = user;
        parameters.Entrypoint = ["/bin/sh", $"{Files}/{Init}"];
        parameters.Cmd = [];
        parameters.WorkingDir = Checkout;
        host.ReadonlyRootfs = container.ReadOnly;
        if (container.ReadOnly)
            host.Tmpfs = new Dictionary<string, string>(StringComparer.Ordinal) { ["/tmp"] = "exec,mode=1777" };
        host.Mounts =
        [
            Bind(workspace.Checkout, Checkout, readOnly: false),
            Bind(workspace.Steps, Files, readOnly: true),
            Bind(workspace.Outputs, Outputs, readOnly: false),
            Bind(workspace.Objects, Objects, readOnly: true),
        ];
        return parameters;
    }

    public static CreateContainerParameters ForService(string name, LocalImage image, PlannedContainer service, string network, IDictionary<string, string> labels)
    {
        var parameters = Common(name, image, network, labels, service.Limits);
        parameters.Env = [.. service.Env.Select(variable => $"{variable.Key}={variable.Value}")];
        if (service.Command.Count > 0)
            parameters.Cmd = [.. service.Command];
        // We ask ourselves: podman's engine asks by timers of systemd, which is not everywhere.
        parameters.Healthcheck = new HealthcheckConfig { Test = ["NONE"] };
        // What it writes the engine keeps on this machine's disk.
        parameters.HostConfig!.LogConfig = new LogConfig { Type = "json-file", Config = new Dictionary<string, string>(StringComparer.Ordinal) { ["max-size"] = "16m" } };
        parameters.NetworkingConfig!.EndpointsConfig![network].Aliases = [service.Name];
        return parameters;
    }

    private static CreateContainerParameters Common(string name, LocalImage image, string network, IDictionary<string, string> labels, ContainerLimits? limits) => new()
    {
        Name = name,
        Image = image.Id,
        Labels = labels,
        HostConfig = new HostConfig
        {
            NetworkMode = network,
            CapDrop = ["ALL"],
            CapAdd = [.. Capabilities],
            SecurityOpt = ["no-new-privileges", "label=disable"],
            NanoCPUs = (long)((limits?.Cpu ?? 0) * 1e9),
            Memory = limits?.Memory ?? 0,
            MemorySwap = limits?.Memory ?? 0,
            PidsLimit = PidsOf(limits),
        },
        NetworkingConfig = new NetworkingConfig { EndpointsConfig = new Dictionary<string, EndpointSettings>(StringComparer.Ordinal) { [network] = new() } },
    };

    /// <summary>How many processes a container may have at once.</summary>
    public static long PidsOf(ContainerLimits? limits) => limits is { Pids: > 0 and var pids } ? pids : UsualPids;

    private static Mount Bind(string source, string target, bool readOnly) => new() { Type = "bind", Source = source, Target = target, ReadOnly = readOnly };
}
