using System.Globalization;
using PRTS.Audit;
using PRTS.Contracts.Builds;
using PRTS.Storage.Secrets;

namespace PRTS.Web.Secrets;

/// <summary>How the audit log writes that a job was given secrets, or was not: which, and from where; never a value.</summary>
internal static class SecretDelivery
{
    public const string Action = "secret:deliver";

    public static AuditTarget Target(JobId job) =>
        AuditTarget.In(job.Build.Project.Org, job.Build.Project.Name, "job", string.Create(CultureInfo.InvariantCulture, $"{job.Build.Number}/{job.Name}"));

    /// <returns>Null: the job asks for nothing.</returns>
    /// <param name="source">The agent, for the attempt.</param>
    /// <param name="attempt">Who is given it.</param>
    /// <param name="start">What it runs.</param>
    /// <param name="secrets">What it may have, and what not.</param>
    public static AuditEntry? Entry(AuditSource source, AttemptId attempt, JobStart start, JobSecrets secrets)
    {
        if (start.Job.Secrets.Count + start.Job.IdTokens.Count == 0) return null;
        var what = new AuditFields
        {
            ["attempt"] = attempt.Number,
            ["event"] = start.Event.Kind,
            ["ref"] = start.Event.Ref,
            ["environment"] = start.Job.Environment ?? "",
            ["secrets"] = AuditValue.List([.. secrets.Granted.Select(secret => $"{secret.Name} of {secret.Scope}, version {secret.Version.ToString(CultureInfo.InvariantCulture)}{From(secret)}")]),
            ["idTokens"] = AuditValue.List([.. start.Job.IdTokens.Select(token => $"{token.Variable} for {string.Join(' ', token.Audiences)}")]),
        };
        if (secrets.Refused.Count == 0) return source.Allowed(Action, Target(attempt.Job), after: what);
        // All or nothing: those that it might have had it did not get.
        what["secrets"] = AuditValue.List([.. start.Job.Secrets.Select(secret => secret.Name).Distinct(StringComparer.Ordinal)]);
        return source.Denied(Action, Target(attempt.Job), string.Join(' ', secrets.Refused.Select(decision => decision.Refusal!.Text))) with { After = what };
    }

    private static string From(JobSecret secret) => secret.Vault is { } vault ? $", from Vault {SecretAudit.Words(vault)}" : "";
}
