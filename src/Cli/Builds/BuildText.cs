using PRTS.Api.Builds;
using PRTS.Cli.Terminal;

namespace PRTS.Cli.Builds;

/// <summary>A build as plain text.</summary>
internal static class BuildText
{
    public static void Print(BuildSummary build, TextWriter output)
    {
        output.WriteLine($"{build.Id} {Say.Status(build.Status)}: {build.Name} ({build.File})");
        output.WriteLine($"  {Say.Ref(build.Ref)} {Say.Commit(build.Commit)} {build.Message}");
        output.WriteLine($"  {build.Event} by {build.Actor}, {Say.Ago(build.CreatedAt)}{Took(" took ", build.StartedAt, build.FinishedAt)}");
        if (build.Reason is { } reason)
        {
            output.WriteLine($"  {reason}");
        }

        foreach (var diagnostic in build.Diagnostics)
        {
            output.WriteLine($"  {diagnostic}");
        }

        foreach (var stage in build.Stages ?? [])
        {
            output.WriteLine();
            output.WriteLine($"  {Say.Mark(stage.Status)} {stage.Name}");
            foreach (var job in stage.Jobs)
            {
                PrintJob(job, output);
            }
        }
    }

    private static void PrintJob(JobSummary job, TextWriter output)
    {
        var agent = job.Agent is null ? "" : $" on {job.Agent}";
        output.WriteLine($"    {Say.Mark(job.Status)} {job.Name} [{job.Key}] {Say.Status(job.Status)}{agent}{Took(" ", job.StartedAt, job.FinishedAt)}");
        if (job.Reason is { } reason)
        {
            output.WriteLine($"        {reason}");
        }

        if (Outlook(job) is { Length: > 0 } outlook)
        {
            output.WriteLine($"        {outlook}");
        }

        foreach (var step in job.Steps)
        {
            output.WriteLine($"      {Say.Mark(step.Status)} {step.Name}{Took(" ", step.StartedAt, step.FinishedAt)}{(step.Reason is { } why ? $": {why}" : "")}");
        }
    }

    /// <summary>When a job that waits is expected to start, and where it could.</summary>
    private static string Outlook(JobSummary job)
    {
        var start = job.ExpectedStartAt is { } at ? $"Expected to start {Say.Until(at)}." : "";
        var agents = job.FittingAgents switch
        {
            null => "",
            { Count: 0 } => " No agent fits.",
            { } names => $" Agents that fit: {string.Join(", ", names)}.",
        };
        return (start + agents).Trim();
    }

    private static string Took(string before, DateTimeOffset? from, DateTimeOffset? to) => from is null ? "" : before + Say.Took(from, to);
}
