using PRTS.Api;
using PRTS.Contracts.Builds;
using PRTS.Pipelines.Expressions;
using PRTS.Pipelines.Planning;

namespace PRTS.Grains.Builds;

/// <summary>Whether a job whose needs have ended starts (queued), is skipped, or fails because its condition cannot be evaluated.</summary>
public readonly record struct JobVerdict(RunStatus Status, string? Reason = null);

/// <summary>
/// A job's <c>if</c>, as in GitHub Actions: without one, and in one that calls no status function, <c>success()</c> is meant.
/// <c>success()</c>: every job upstream succeeded, or failed and was allowed to. A job that was skipped, be it by <c>when</c>, is no
/// success, so what comes after it is skipped unless its condition says <c>always()</c> or looks at results itself.
/// <c>failure()</c>: some job upstream failed, however far. Upstream means needs, their needs, and so on.
/// </summary>
public static class JobConditions
{
    public static JobVerdict Evaluate(BuildRequest request, Blueprint plan, PlannedJob job, IReadOnlyDictionary<string, BuildJob> jobs)
    {
        var broken = FirstBroken(plan, job, jobs, []);
        if (job.If is null && broken is not null) return Skipped(plan[broken], jobs[broken].Status);
        if (job.If is null && !JobScope.HasTemplates(job)) return new(RunStatus.Queued);
        try
        {
            var scope = JobScope.Of(request, plan, job, jobs);
            if (job.If is not null && Unmet(plan, job, jobs, broken, scope) is { } skipped) return skipped;
            JobScope.Render(job, scope);
            return new(RunStatus.Queued);
        }
        catch (ExpressionException wrong)
        {
            return new(RunStatus.Failed, $"It cannot start: {wrong.Message}");
        }
    }

    /// <summary>Null when the condition is met.</summary>
    private static JobVerdict? Unmet(Blueprint plan, PlannedJob job, IReadOnlyDictionary<string, BuildJob> jobs, string? broken, EvaluationContext scope)
    {
        try
        {
            var condition = Expression.Parse(job.If!);
            if (broken is not null && !condition.AsksForStatus) return Skipped(plan[broken], jobs[broken].Status);
            var context = scope with { Condition = broken is null ? JobCondition.Success : AnyFailed(plan, job, jobs, []) ? JobCondition.Failure : JobCondition.Skipped };
            return condition.Evaluate(context).IsTrue ? null : new(RunStatus.Skipped, $"Skipped because its condition is not met: {job.If}");
        }
        catch (ExpressionException wrong)
        {
            return new(RunStatus.Failed, $"Its condition cannot be evaluated: {job.If}: {wrong.Message}");
        }
    }

    private static JobVerdict Skipped(PlannedJob because, RunStatus status) => new(RunStatus.Skipped, $"Skipped because {because.Name} {Word(status)}.");

    /// <summary>
    /// The nearest job upstream that did not succeed. A job without a condition of its own that succeeded stands for all before it,
    /// so the search goes past those with one only.
    /// </summary>
    private static string? FirstBroken(Blueprint plan, PlannedJob job, IReadOnlyDictionary<string, BuildJob> jobs, HashSet<string> seen)
    {
        foreach (var key in job.Needs.Where(seen.Add))
        {
            if (!Passed(plan[key], jobs[key])) return key;
            if (plan[key].If is not null && FirstBroken(plan, plan[key], jobs, seen) is { } further) return further;
        }

        return null;
    }

    private static bool AnyFailed(Blueprint plan, PlannedJob job, IReadOnlyDictionary<string, BuildJob> jobs, HashSet<string> seen)
    {
        foreach (var key in job.Needs.Where(seen.Add))
        {
            var failed = jobs[key].Status == RunStatus.Failed && !plan[key].AllowFailure;
            if (failed || AnyFailed(plan, plan[key], jobs, seen)) return true;
        }

        return false;
    }

    private static bool Passed(PlannedJob need, BuildJob state) => state.Status == RunStatus.Succeeded || (state.Status == RunStatus.Failed && need.AllowFailure);

    private static string Word(RunStatus status) => status switch
    {
        RunStatus.Failed => "failed",
        RunStatus.Canceled => "was canceled",
        _ => "was skipped",
    };
}
