using PRTS.Api;
using PRTS.Api.Builds;
using PRTS.Cli.Terminal;

namespace PRTS.Cli.Builds;

/// <summary>What happened from one state of a build to the next, a line each.</summary>
internal static class BuildChanges
{
    public static IEnumerable<string> Between(BuildSummary? before, BuildSummary after)
    {
        var known = (before?.Stages ?? []).SelectMany(stage => stage.Jobs).ToDictionary(job => job.Key, StringComparer.Ordinal);
        if (before is null)
        {
            yield return $"{after.Id} {after.Name}: {Say.Ref(after.Ref)} {Say.Commit(after.Commit)} {after.Message}";
        }

        foreach (var job in (after.Stages ?? []).SelectMany(stage => stage.Jobs))
        {
            foreach (var line in OfJob(known.GetValueOrDefault(job.Key), job))
            {
                yield return line;
            }
        }

        if (after.Status != before?.Status)
        {
            var took = after.Status.IsEnded() ? $" ({Say.Took(after.StartedAt ?? after.CreatedAt, after.FinishedAt)})" : "";
            yield return $"{after.Id} {Say.Status(after.Status)}{took}{Because(after.Reason)}";
        }
    }

    private static IEnumerable<string> OfJob(JobSummary? before, JobSummary after)
    {
        var isNew = before is null || before.Attempt != after.Attempt;
        var hasChanged = isNew ? after.Status != RunStatus.Queued : before!.Status != after.Status || before.Reason != after.Reason;
        if (hasChanged && after.Status is RunStatus.Running)
        {
            yield return $"  {after.Name}: running{(after.Agent is { } agent ? $" on {agent}" : "")}";
        }

        foreach (var step in after.Steps)
        {
            var was = isNew ? null : before!.Steps.FirstOrDefault(s => s.Index == step.Index);
            if (step.Status.IsEnded() && was?.Status != step.Status)
            {
                yield return $"  {after.Name}: {Say.Mark(step.Status)} {step.Name} {Say.Took(step.StartedAt, step.FinishedAt)}".TrimEnd() + Because(step.Reason);
            }
        }

        if (hasChanged && after.Status is not RunStatus.Running)
        {
            var took = after is { StartedAt: not null, FinishedAt: not null } ? $" ({Say.Took(after.StartedAt, after.FinishedAt)})" : "";
            yield return $"  {after.Name}: {Say.Status(after.Status)}{took}{Because(after.Reason)}";
        }
    }

    private static string Because(string? reason) => reason is null ? "" : $": {reason}";
}
