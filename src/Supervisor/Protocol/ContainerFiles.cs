using System.Globalization;

namespace PRTS.Supervisor.Protocol;

/// <summary>
/// Names inside the directory that a job's container has at <c>/prts</c>: over its FIFOs the container's first process takes steps,
/// and hands over their output and exit codes (docs/adr/0006).
/// </summary>
public static class ContainerFiles
{
    /// <summary>FIFO. Lines: <c>run STEP</c>, <c>run STEP shared</c> beside others, <c>kill SIGNAL</c> for every process but the first, <c>kill SIGNAL STEP</c> for those of a shared step.</summary>
    public const string Control = "control";

    /// <summary>FIFO: standard output and standard error of the step. Its end is the step's end, or the container's.</summary>
    public static string Output(int step) => Name(step, "output");

    /// <summary>FIFO: the exit code in decimal, written before the output ends.</summary>
    public static string Exit(int step) => Name(step, "exit");

    /// <summary>What <c>sh</c> runs as the step.</summary>
    public static string Command(int step) => Name(step, "command");

    private static string Name(int step, string what) => string.Create(CultureInfo.InvariantCulture, $"{step}.{what}");
}
