using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using PRTS.Contracts.Cluster;
using PRTS.Contracts.Projects;
using PRTS.Execution.Containers;

namespace PRTS.Agents.Configuration;

/// <summary>The agent's settings, from environment variables (docs/configuration.md).</summary>
public sealed record AgentOptions
{
    /// <summary>The control plane's address, without a trailing slash.</summary>
    public required string Url { get; init; }

    /// <summary>The join token; needed at the first start only.</summary>
    public string? Token { get; init; }
    public required string Name { get; init; }

    /// <summary>Whether somebody chose <see cref="Name"/>; else it is this host's.</summary>
    public bool NameIsChosen { get; init; }

    /// <summary>What jobs may ask for with <c>runs_on</c>: those of the token, those given, the operating system, the architecture and the name.</summary>
    public required IReadOnlyList<string> Labels { get; init; }

    /// <summary>How many jobs run at once.</summary>
    public required int Slots { get; init; }
    public required string Home { get; init; }

    /// <summary>Where servers reach this agent's silo.</summary>
    public required IPAddress Address { get; init; }

    /// <summary>0: pick a free one at the first start and keep it.</summary>
    public required int SiloPort { get; init; }
    public required string Supervisor { get; init; }

    /// <summary>The user or first user id that steps run as when the agent is root; null is the default of docs/configuration.md.</summary>
    public string? JobUser { get; init; }

    /// <summary>Null: no job with an image or services runs here.</summary>
    public ContainerEngine? Engine { get; init; }

    /// <summary>How long the workspaces of jobs that failed stay.</summary>
    public TimeSpan KeepFailed { get; init; }

    public static string OperatingSystem =>
        System.OperatingSystem.IsLinux() ? "linux" : System.OperatingSystem.IsMacOS() ? "macos" : System.OperatingSystem.IsWindows() ? "windows" : "unknown";

    public static string Architecture => RuntimeInformation.OSArchitecture.ToString().ToLowerInvariant();

    public static AgentOptions FromEnvironment()
    {
        var problems = new List<string>();
        var chosen = Text("PRTS_AGENT_NAME");
        var name = (chosen ?? Environment.MachineName).ToLowerInvariant();
        if (!ProjectId.IsValidName(name))
            problems.Add($"PRTS_AGENT_NAME is '{name}': use 1–64 of a-z, 0-9, '.', '_' and '-', beginning with a letter or digit.");
        var url = Text("PRTS_URL")?.TrimEnd('/') ?? "http://127.0.0.1:5080";
        if (!Uri.TryCreate(url, UriKind.Absolute, out var parsed) || parsed.Scheme is not ("http" or "https"))
            problems.Add($"PRTS_URL is '{url}': it must be the control plane's http or https address.");
        var options = new AgentOptions
        {
            Url = url,
            Token = Text("PRTS_TOKEN"),
            Name = name,
            NameIsChosen = chosen is not null,
            Labels = LabelsOf([], name),
            Slots = Number("PRTS_AGENT_SLOTS", Environment.ProcessorCount, 1, 1024, problems),
            Home = Path.GetFullPath(Text("PRTS_AGENT_HOME") ?? Path.Combine(Text("PRTS_HOME") ?? "var", "agents", name)),
            Address = OwnAddress(parsed, problems),
            SiloPort = Number("PRTS_AGENT_PORT", 0, 0, 65535, problems),
            Supervisor = Text("PRTS_SUPERVISOR") ?? Path.Combine(AppContext.BaseDirectory, "..", "supervisor", "prts-supervisor"),
            JobUser = Text("PRTS_JOB_USER"),
            Engine = EngineOf(problems),
            KeepFailed = TimeSpan.FromHours(Number("PRTS_KEEP_FAILED_HOURS", 24, 0, 24 * 365, problems)),
        };
        return problems.Count == 0 ? options : throw new AgentSetupException(string.Join('\n', problems));
    }

    private static ContainerEngine? EngineOf(List<string> problems)
    {
        try
        {
            return ContainerEngine.Find(Text("PRTS_CONTAINERS"));
        }
        catch (FormatException e)
        {
            problems.Add($"PRTS_CONTAINERS: {e.Message}");
            return null;
        }
    }

    private static string? Text(string name) => Environment.GetEnvironmentVariable(name) is { Length: > 0 } value ? value : null;

    /// <summary>With the name and the labels that this agent got when it joined.</summary>
    public AgentOptions As(JoinAnswer joined) => this with { Name = joined.Name, Labels = LabelsOf(joined.Labels, joined.Name) };

    private static IReadOnlyList<string> LabelsOf(IEnumerable<string> given, string name) =>
        [.. given
            .Concat((Text("PRTS_AGENT_LABELS") ?? "").Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
            .Concat([OperatingSystem, Architecture, name])
            .Distinct(StringComparer.OrdinalIgnoreCase)];

    private static int Number(string name, int otherwise, int least, int most, List<string> problems)
    {
        if (Text(name) is not { } text)
            return otherwise;
        if (int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number >= least && number <= most)
            return number;
        problems.Add($"{name} is '{text}': it must be a number from {least} to {most}.");
        return otherwise;
    }

    private static IPAddress OwnAddress(Uri? controlPlane, List<string> problems)
    {
        if (Text("PRTS_AGENT_ADDRESS") is not { } text)
            return controlPlane is null ? IPAddress.Loopback : AddressTowards(controlPlane, problems);
        if (IPAddress.TryParse(text, out var address))
            return address;
        problems.Add($"PRTS_AGENT_ADDRESS is '{text}': it must be this machine's IP address.");
        return IPAddress.Loopback;
    }

    /// <summary>The address that this machine uses towards the control plane. Nothing is sent: connecting a UDP socket only looks for the way.</summary>
    private static IPAddress AddressTowards(Uri controlPlane, List<string> problems)
    {
        try
        {
            var addresses = Dns.GetHostAddresses(controlPlane.DnsSafeHost);
            var target = addresses.FirstOrDefault(address => address.AddressFamily == AddressFamily.InterNetwork) ?? addresses[0];
            if (IPAddress.IsLoopback(target))
                return IPAddress.Loopback;
            using var probe = new Socket(target.AddressFamily, SocketType.Dgram, ProtocolType.Udp);
            probe.Connect(target, controlPlane.Port);
            return ((IPEndPoint)probe.LocalEndPoint!).Address;
        }
        catch (SocketException failure)
        {
            problems.Add($"There is no way from this machine to {controlPlane.Host} ({failure.Message}): correct PRTS_URL, or give this machine's IP address with PRTS_AGENT_ADDRESS.");
            return IPAddress.Loopback;
        }
    }
}

/// <summary>The agent can't start; the message is for the operator.</summary>
public sealed class AgentSetupException(string message, Exception? inner = null) : Exception(message, inner);
