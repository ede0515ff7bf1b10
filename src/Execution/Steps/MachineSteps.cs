using PRTS.Execution.Workspaces;
using PRTS.Supervisor.Protocol;

namespace PRTS.Execution.Steps;

/// <summary>Steps are processes of this machine, with the rights of the job's user.</summary>
internal sealed class MachineSteps(Workspace workspace) : IStepHost
{
    public string Checkout => workspace.Checkout;

    public string Temporary => workspace.Temporary;

    public Dictionary<string, string> Environment() => new(StringComparer.Ordinal)
    {
        ["PATH"] = workspace.SearchPath,
        ["LANG"] = "C.UTF-8",
        ["HOME"] = workspace.Home,
        ["USER"] = workspace.User.Name,
        ["LOGNAME"] = workspace.User.Name,
        ["TMPDIR"] = workspace.Temporary,
        ["CI"] = "true",
    };

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
        (long)command.Grace.TotalMilliseconds);

    /// <summary>The supervisor did.</summary>
    public void Ended(int step)
    {
    }

    public Task<string?> Explain(ProcessExited exited, CancellationToken ct) => Task.FromResult<string?>(null);
}
