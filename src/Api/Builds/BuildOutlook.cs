using System.Globalization;
using PRTS.Api.Agents;

namespace PRTS.Api.Builds;

/// <summary>What can be said of the jobs of a build that have not started: what they wait for, which agents could run them, and when they are expected to start.</summary>
public static class BuildOutlook
{
    private const int Named = 3;
    private const int MostAgents = 20;

    /// <param name="build">With its stages.</param>
    /// <param name="usual">How long a job of this key usually takes.</param>
    /// <param name="agents">Those of the tenant.</param>
    /// <param name="now">The present.</param>
    /// <returns>The same build when there is nothing to add.</returns>
    public static BuildSummary Of(BuildSummary build, IReadOnlyDictionary<string, TimeSpan> usual, IReadOnlyCollection<AgentSummary> agents, DateTimeOffset now)
    {
        if (build.Status.IsEnded() || build.Stages is not { } stages) return build;
        var jobs = stages.SelectMany(stage => stage.Jobs).ToDictionary(job => job.Key, StringComparer.Ordinal);
        // A build that waits itself says for what: its turn in a concurrency group.
        var waits = build is { Status: RunStatus.Waiting, Reason: not null };
        var ends = new Dictionary<string, DateTimeOffset?>(StringComparer.Ordinal);
        return build with { Stages = [.. stages.Select(stage => stage with { Jobs = [.. stage.Jobs.Select(job => Of(job))] })] };

        JobSummary Of(JobSummary job)
        {
            if (job.Status is not (RunStatus.Queued or RunStatus.Waiting)) return job;
            var open = job.Needs.Where(key => jobs.TryGetValue(key, out var need) && !need.Status.IsEnded()).ToList();
            return job with { Reason = job.Reason ?? (open.Count > 0 ? WaitsFor(open) : waits ? build.Reason : null), ExpectedStartAt = StartOf(job), FittingAgents = Fitting(job) };
        }

        List<string>? Fitting(JobSummary job) => job.RunsOn.Any(label => label.Contains("${{", StringComparison.Ordinal)) ? null
            : [.. agents.Where(agent => (agent.Containers || !job.NeedsContainers) && job.RunsOn.All(label => agent.Labels.Contains(label, StringComparer.OrdinalIgnoreCase)))
                .Select(agent => agent.Name).Order(StringComparer.Ordinal).Take(MostAgents)];

        string WaitsFor(List<string> open)
        {
            var names = string.Join(", ", open.Take(Named).Select(key => jobs[key].Name));
            return open.Count <= Named ? $"Waits for {names}." : $"Waits for {names} and {(open.Count - Named).ToString(CultureInfo.InvariantCulture)} more.";
        }

        // A job that waits for something else than other jobs knows best itself; one that is just being started begins now.
        DateTimeOffset? StartOf(JobSummary job)
        {
            if (job.Status == RunStatus.Waiting) return job.ExpectedStartAt < now ? now : job.ExpectedStartAt;
            if ((waits ? build.ExpectedStartAt : now) is not { } start) return null;
            if (start < now) start = now;
            foreach (var key in job.Needs)
            {
                if (!jobs.TryGetValue(key, out var need)) continue;
                if (EndOf(need) is not { } end) return null;
                if (end > start) start = end;
            }

            return start;
        }

        // A plan has no cycles, and each job is looked at once.
        DateTimeOffset? EndOf(JobSummary job)
        {
            if (job.Status.IsEnded()) return now;
            if (ends.TryGetValue(job.Key, out var known)) return known;
            DateTimeOffset? end = !usual.TryGetValue(job.Key, out var time) ? null
                : job.Status == RunStatus.Running ? (job.StartedAt ?? now) + time
                : StartOf(job) + time;
            return ends[job.Key] = end < now ? now : end;
        }
    }
}
