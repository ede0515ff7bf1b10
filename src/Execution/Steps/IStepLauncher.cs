using PRTS.Supervisor.Protocol;

namespace PRTS.Execution.Steps;

/// <summary>A step's process before it is known how it is made: here, or (for jobs with an <c>image</c>) in a container.</summary>
internal sealed record StepCommand(int Index, IReadOnlyList<string> Argv, IReadOnlyDictionary<string, string> Environment, string Directory, TimeSpan? Timeout, TimeSpan Grace);

/// <summary>The one seam between a step and the way its process is made.</summary>
internal interface IStepLauncher
{
    RunStep Launch(StepCommand command);
}

/// <summary>The process runs on this machine, as the job's user.</summary>
internal sealed class HostStepLauncher(Users.JobUser user) : IStepLauncher
{
    public RunStep Launch(StepCommand command) => new(
        command.Index,
        command.Argv,
        [.. command.Environment.Select(variable => $"{variable.Key}={variable.Value}")],
        command.Directory,
        user.Uid,
        user.Gid,
        command.Timeout is { } timeout ? Math.Max(1, (long)timeout.TotalMilliseconds) : -1,
        (long)command.Grace.TotalMilliseconds);
}
