using PRTS.Execution.Workspaces;
using PRTS.Supervisor.Protocol;

namespace PRTS.Execution.Steps;

/// <summary>A step's process before it is known how it is made. Paths are as the step sees them.</summary>
internal sealed record StepCommand(int Index, IReadOnlyList<string> Argv, IReadOnlyDictionary<string, string> Environment, string Directory, TimeSpan? Timeout, TimeSpan Grace)
{
    /// <summary>Of steps that run at the same time; -1: it runs alone.</summary>
    public int Group { get; init; } = -1;

    /// <summary>Before each line of its output; empty: none.</summary>
    public string Label { get; init; } = "";
}

/// <summary>Where the steps of a job run: on this machine, or in the job's container.</summary>
internal interface IStepHost
{
    /// <summary>The checkout, as steps see it.</summary>
    string Checkout { get; }

    /// <summary>For temporary files, as steps see it.</summary>
    string Temporary { get; }

    /// <summary>What of it a step's result may depend on, for the step cache: the image, or the kind of machine.</summary>
    string Fingerprint { get; }

    /// <summary>What every step has; the pipeline's own variables go over it.</summary>
    Dictionary<string, string> Environment();

    /// <summary>How steps see a file of <see cref="Workspace.Steps"/>.</summary>
    string PathOf(string file);

    /// <summary>The command line that runs a script, its program as it can be started there; or what is wrong.</summary>
    (IReadOnlyList<string> Argv, string? Error) CommandLine(string shell, string script, string searchPath, string directory);

    /// <summary>Done, with the reason, when no step can run there any more.</summary>
    Task<string> Lost { get; }

    RunStep Launch(StepCommand command);

    /// <summary>Kills what the steps may have left, which ran at the same time or alone. Idempotent.</summary>
    void Ended();

    /// <summary>Kills what one of several steps that run at the same time may have left, as far as it can be told. Idempotent.</summary>
    void EndedBeside(int step);

    /// <summary>What else is to be said of a step that ended so; null: nothing.</summary>
    Task<string?> Explain(ProcessExited exited, CancellationToken ct);
}
