using PRTS.Contracts.Builds;
using PRTS.Web.Access;

namespace PRTS.Web.Secrets;

/// <summary>The tokens by which others trust a job, and PRTS itself where they name it (<see cref="ShortLivedTokens"/>).</summary>
public sealed class IdTokens(SigningKeys keys)
{
    public static readonly TimeSpan Longest = TimeSpan.FromHours(6);

    /// <param name="attempt">Who gets it.</param>
    /// <param name="agent">Where it runs.</param>
    /// <param name="start">What it runs.</param>
    /// <param name="audiences">Whom it is for.</param>
    public Task<string> Sign(AttemptId attempt, string agent, JobStart start, IReadOnlyList<string> audiences, CancellationToken cancellationToken)
    {
        var (build, job) = (attempt.Job.Build, start.Job);
        var project = $"{build.Project.Org}/{build.Project.Name}";
        var claims = new Dictionary<string, object>(StringComparer.Ordinal)
        {
            // No name has a colon but an environment's, which stands last; a pull request's ref is none that a branch could have.
            ["sub"] = $"tenant:{build.Project.Tenant}:project:{project}:{(job.Environment is { } place ? $"environment:{place}" : $"ref:{start.Event.Ref}")}",
            ["aud"] = audiences.Count == 1 ? audiences[0] : audiences,
            ["tenant"] = build.Project.Tenant,
            ["org"] = build.Project.Org,
            ["project"] = project,
            ["ref"] = start.Event.Ref,
            ["ref_type"] = start.Event.Tag is not null ? "tag" : start.Event.Branch is not null ? "branch" : "other",
            ["commit"] = start.Event.Commit,
            ["build"] = build.Number,
            ["job"] = job.Key,
            ["attempt"] = attempt.Number,
            ["agent"] = agent,
            ["stage"] = job.Stage,
            ["event"] = start.Event.Kind,
            ["actor"] = start.Actor,
        };
        if (start.Event.Branch is { } branch) claims["branch"] = branch;
        if (start.Event.Tag is { } tag) claims["tag"] = tag;
        if (job.Environment is { } environment) claims["environment"] = environment;
        return keys.Sign(ShortLivedTokens.OfJobs, claims, job.Timeout < Longest ? job.Timeout : Longest, cancellationToken);
    }
}
