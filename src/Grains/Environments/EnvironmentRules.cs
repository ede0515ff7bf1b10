using System.Globalization;
using PRTS.Api.Environments;
using PRTS.Contracts.Builds;
using PRTS.Pipelines.Planning;

namespace PRTS.Grains.Environments;

/// <summary>Whether a job may deploy now.</summary>
/// <param name="Refusal">It never may: why, in a sentence.</param>
/// <param name="WaitReason">It may not yet: why, in a sentence.</param>
public readonly record struct EnvironmentVerdict(string? Refusal, string? WaitReason, ApprovalSummary? Waits)
{
    public bool Admitted => Refusal is null && WaitReason is null;

    /// <summary>When it may, where nobody has to say so; else null.</summary>
    public DateTimeOffset? ExpectedAt => Waits is { } waits && waits.Given.Count >= waits.Required ? waits.NotBefore : null;
}

/// <summary>The rules of environments: allowed branches first, then approvals and the wait timer together.</summary>
public static class EnvironmentRules
{
    public static EnvironmentVerdict Decide(string environment, EnvironmentSettings settings, JobStart start, DeploymentGate gate, DateTimeOffset now)
    {
        if (settings.Branches.Count > 0 && !Takes(settings.Branches, start.Event))
            return new($"The environment {environment} takes deployments of {string.Join(", ", settings.Branches)} only, and this build is for {(start.Event.Tag is { } tag ? $"the tag {tag}" : start.Event.Branch ?? start.Event.Ref)}.", null, null);
        DateTimeOffset? until = settings.WaitMinutes > 0 ? gate.Since + TimeSpan.FromMinutes(settings.WaitMinutes) : null;
        var given = gate.Approvals.Where(approval => Counts(settings, start, approval.By)).ToList();
        var missing = settings.Approvals - given.Count;
        if (missing <= 0 && (until is null || until <= now)) return default;
        var waits = new ApprovalSummary { Environment = environment, Required = settings.Approvals, Given = given, Approvers = settings.Approvers, NotBefore = until > now ? until : null };
        return new(null, Reason(waits, missing), waits);
    }

    /// <summary>Branches and tags have patterns of their own: anybody who can push can give a tag the name of a branch.</summary>
    private static bool Takes(IReadOnlyList<string> patterns, TriggerEvent built)
    {
        var own = built.Tag is null ? patterns.Where(pattern => EnvironmentSettings.TagPattern(pattern) is null) : patterns.Select(EnvironmentSettings.TagPattern).OfType<string>();
        return Glob.MatchesAny(own.Select(Glob.Parse), built.Tag ?? built.Branch ?? built.Ref);
    }

    /// <summary>Why this person cannot approve it; null when he can.</summary>
    public static string? WhyNot(string environment, EnvironmentSettings settings, JobStart start, DeploymentGate gate, string actor) =>
        settings.Approvals == 0 ? $"Deployments to {environment} need no approval."
        : settings.Approvers.Count > 0 && !settings.Approvers.Contains(actor, StringComparer.Ordinal) ? $"Only {string.Join(", ", settings.Approvers)} can approve deployments to {environment}."
        : !settings.AllowSelfApproval && start.Actor == actor ? $"{actor} started this build, and deployments to {environment} need somebody else's approval."
        : gate.Approvals.Any(approval => approval.By == actor) ? $"{actor} has approved this deployment already."
        : null;

    private static bool Counts(EnvironmentSettings settings, JobStart start, string by) =>
        (settings.Approvers.Count == 0 || settings.Approvers.Contains(by, StringComparer.Ordinal)) && (settings.AllowSelfApproval || start.Actor != by);

    private static string Reason(ApprovalSummary waits, int missing)
    {
        var timer = waits.NotBefore is { } until ? $"{until.UtcDateTime.ToString("yyyy-MM-dd HH:mm", CultureInfo.InvariantCulture)} UTC" : null;
        if (missing <= 0) return $"The environment {waits.Environment} lets deployments start after a while: not before {timer}.";
        var who = waits.Approvers.Count > 0 ? $"{string.Join(", ", waits.Approvers)} can approve" : "everybody who may approve deployments can";
        var given = waits.Given.Count > 0 ? $", {waits.Given.Count.ToString(CultureInfo.InvariantCulture)} given ({string.Join(", ", waits.Given.Select(approval => approval.By))})" : "";
        var needed = waits.Required == 1 ? "1 approval" : $"{waits.Required.ToString(CultureInfo.InvariantCulture)} approvals";
        return $"Deploying to {waits.Environment} needs {needed}{given}; {who}{(timer is null ? "" : $". Not before {timer}")}.";
    }
}
