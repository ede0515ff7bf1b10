using PRTS.Pipelines.Expressions;

namespace PRTS.Pipelines.Planning;

/// <summary>How a job ended, in the words of expressions.</summary>
public enum JobResult
{
    Success,
    Failure,
    Cancelled,
    Skipped,
}

/// <summary>A job that has ended, as those after it see it. Outputs: by name.</summary>
public readonly record struct EndedJob(JobResult Result, IReadOnlyDictionary<string, string>? Outputs = null);

/// <summary>What a job's expressions know of the build it is in.</summary>
public sealed record BuildFacts
{
    public required string Org { get; init; }
    public required string Project { get; init; }
    public required int Number { get; init; }
    public required TriggerEvent Event { get; init; }
    public required string Actor { get; init; }

    /// <summary><see cref="BuildPlan.Jobs"/>, with those that were added by now.</summary>
    public required IReadOnlyList<PlannedJob> Jobs { get; init; }

    /// <summary><see cref="BuildPlan.Inputs"/>.</summary>
    public required IReadOnlyDictionary<string, string> Inputs { get; init; }
}

/// <summary>
/// Whether a job whose needs have ended starts. Its <c>if</c> is as in GitHub Actions: without one, and in one that calls no status
/// function, <c>success()</c> is meant. <c>success()</c>: every job upstream succeeded, or failed and was allowed to. A job that was
/// skipped, be it by <c>when</c>, is no success, so what comes after it is skipped unless its condition says <c>always()</c> or looks
/// at results itself. <c>failure()</c>: some job upstream failed, however far. Upstream means needs, their needs, and so on.
/// </summary>
/// <param name="Instead">Null: it starts. Else how it ends without having started, skipped or (its expressions being wrong) failed.</param>
/// <param name="Reason">Why not, in a sentence.</param>
public readonly record struct JobAdmission(JobResult? Instead, string? Reason)
{
    /// <param name="planned">The build's jobs by key.</param>
    /// <param name="ended">How each job upstream ended, by key.</param>
    public static JobAdmission Decide(BuildFacts build, Func<string, PlannedJob> planned, PlannedJob job, Func<string, EndedJob> ended)
    {
        if (job.SkipReason is { } skip) return new(JobResult.Skipped, skip);
        var upstream = new Upstream(planned, ended);
        var broken = upstream.FirstBroken(job, []);
        if (job.If is null && broken is not null) return Skipped(planned(broken), ended(broken).Result);
        if (job.If is null && !JobScope.HasTemplates(job)) return default;
        try
        {
            var scope = JobScope.Of(build, job, ended);
            if (job.If is not null && Unmet(upstream, job, broken, scope) is { } skipped) return skipped;
            JobScope.Render(job, scope);
            return default;
        }
        catch (ExpressionException wrong)
        {
            return new(JobResult.Failure, $"It cannot start: {wrong.Message}");
        }
    }

    /// <summary>Null when the condition is met.</summary>
    private static JobAdmission? Unmet(Upstream upstream, PlannedJob job, string? broken, EvaluationContext scope)
    {
        try
        {
            var condition = Expression.Parse(job.If!);
            if (broken is not null && !condition.AsksForStatus) return Skipped(upstream.Planned(broken), upstream.Ended(broken).Result);
            var context = scope with { Condition = broken is null ? JobCondition.Success : upstream.AnyFailed(job, []) ? JobCondition.Failure : JobCondition.Skipped };
            return condition.Evaluate(context).IsTrue ? null : new(JobResult.Skipped, $"Skipped because its condition is not met: {job.If}");
        }
        catch (ExpressionException wrong)
        {
            return new(JobResult.Failure, $"Its condition cannot be evaluated: {job.If}: {wrong.Message}");
        }
    }

    private static JobAdmission Skipped(PlannedJob because, JobResult result) => new(JobResult.Skipped, $"Skipped because {because.Name} {Word(result)}.");

    private static string Word(JobResult result) => result switch
    {
        JobResult.Failure => "failed",
        JobResult.Cancelled => "was canceled",
        _ => "was skipped",
    };

    private readonly record struct Upstream(Func<string, PlannedJob> Planned, Func<string, EndedJob> Ended)
    {
        /// <summary>
        /// The nearest job upstream that did not succeed. A job without a condition of its own that succeeded stands for all before it,
        /// so the search goes past those with one only.
        /// </summary>
        public string? FirstBroken(PlannedJob job, HashSet<string> seen)
        {
            foreach (var key in job.Needs.Where(seen.Add))
            {
                if (!Passed(Planned(key), Ended(key).Result)) return key;
                if (Planned(key).If is not null && FirstBroken(Planned(key), seen) is { } further) return further;
            }

            return null;
        }

        public bool AnyFailed(PlannedJob job, HashSet<string> seen)
        {
            foreach (var key in job.Needs.Where(seen.Add))
            {
                var failed = Ended(key).Result == JobResult.Failure && !Planned(key).AllowFailure;
                if (failed || AnyFailed(Planned(key), seen)) return true;
            }

            return false;
        }

        private static bool Passed(PlannedJob need, JobResult result) => result == JobResult.Success || (result == JobResult.Failure && need.AllowFailure);
    }
}
