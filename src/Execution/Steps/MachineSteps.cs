using System.Runtime.InteropServices;
using PRTS.Execution.Workspaces;
using PRTS.Supervisor.Protocol;

namespace PRTS.Execution.Steps;

/// <summary>Steps are processes of this machine, with the rights of the job's user.</summary>
/// <param name="services">IP addresses of the job's services, by name.</param>
internal sealed class MachineSteps(Workspace workspace, IReadOnlyDictionary<string, string> services) : IStepHost
{
    public string Checkout => workspace.Checkout;

    public string Temporary => workspace.Temporary;

    public string Fingerprint => $"linux/{RuntimeInformation.OSArchitecture}";

    public Task<string> Lost { get; } = new TaskCompletionSource<string>().Task;

    public Dictionary<string, string> Environment()
    {
        var environment = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["PATH"] = workspace.SearchPath,
            ["LANG"] = "C.UTF-8",
            ["HOME"] = workspace.Home,
            ["USER"] = workspace.User.Name,
            ["LOGNAME"] = workspace.User.Name,
            ["TMPDIR"] = workspace.Temporary,
            ["CI"] = "true",
        };
        foreach (var (name, address) in services)
            environment["PRTS_SERVICE_" + name.ToUpperInvariant().Replace('-', '_')] = address;
        return environment;
    }

    public string PathOf(string file) => Path.Combine(workspace.Steps, file);

    public (IReadOnlyList<string> Argv, string? Error) CommandLine(string shell, string script, string searchPath, string directory) =>
        Shell.CommandLine(shell, script, searchPath, directory);

    public RunStep Launch(StepCommand command) => new(
        command.Index,
        command.Argv,
        [.. command.Environment.Select(variable => $"{variable.Key}={variable.Value}")],
        command.Directory,
        workspace.User.Uid,
        workspace.User.Gid,
        command.Timeout is { } timeout ? Math.Max(1, (long)timeout.TotalMilliseconds) : -1,
        (long)command.Grace.TotalMilliseconds,
        command.Group,
        command.Label);

    /// <summary>The supervisor does.</summary>
    public void Ended()
    {
    }

    public void EndedBeside(int step)
    {
    }

    public Task<string?> Explain(ProcessExited exited, CancellationToken ct) => Task.FromResult<string?>(null);
}
