namespace PRTS.Execution.Jobs;

/// <summary>
/// The secrets that a job may use, in memory only: the agent hands them to the job's supervisor, which masks them in the log, and masks
/// them in what it reports itself (docs/adr/0013-masking.md). An agent that adopts a job passes them again.
/// </summary>
/// <param name="values">As they are, in any order.</param>
public sealed class JobSecrets(IReadOnlyList<string> values)
{
    public static readonly JobSecrets None = new([]);

    public IReadOnlyList<string> Values { get; } = values;
}
