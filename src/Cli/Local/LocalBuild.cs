using System.Globalization;
using PRTS.Api;
using PRTS.Api.Builds;
using PRTS.Execution.Artifacts;
using PRTS.Execution.Jobs;
using PRTS.Pipelines.Expressions;
using PRTS.Pipelines.Planning;

namespace PRTS.Cli.Local;

/// <summary>Runs a plan's jobs here as the control plane would: each when what it needs has ended, by the same rules.</summary>
internal sealed class LocalBuild(BuildPlan pipeline, BuildFacts facts, JobRunner runner, LocalSink sink, string defaultBranch)
{
    private const string Canceled = "Canceled.";
    private readonly Lock gate = new();

    /// <summary>Steps that generate jobs replace it while others read.</summary>
    private volatile Blueprint blueprint = new(pipeline);
    private readonly Dictionary<string, EndedJob> ended = new(StringComparer.Ordinal);
    private readonly Dictionary<string, Task<EndedJob>> running = new(StringComparer.Ordinal);

    /// <summary>The attempt that each job is at.</summary>
    private readonly Dictionary<string, int> attempts = new(StringComparer.Ordinal);

    /// <summary>Why jobs of a matrix are canceled.</summary>
    private readonly Dictionary<string, string> failedFast = new(StringComparer.Ordinal);

    private sealed record Blueprint(BuildPlan Plan)
    {
        public IReadOnlyDictionary<string, PlannedJob> Jobs { get; } = Plan.Jobs.ToDictionary(job => job.Key, StringComparer.Ordinal);
    }

    /// <summary>At most one job a core at once. Cancel <paramref name="cancel"/> to stop the jobs as a cancellation does.</summary>
    public async Task<RunStatus> RunAsync(CancellationToken cancel)
    {
        sink.Adds = Add;
        var canceling = Task.CompletedTask;
        await using var registration = cancel.Register(() => canceling = Task.WhenAll(blueprint.Jobs.Keys.Select(key => runner.Cancel(AttemptOf(key), Canceled))));
        while (true)
        {
            var waiting = blueprint.Plan.Jobs.Where(job => !ended.ContainsKey(job.Key) && !running.ContainsKey(job.Key)).ToList();
            if (waiting.Count + running.Count == 0)
            {
                break;
            }

            foreach (var job in waiting.Where(job => job.Needs.All(ended.ContainsKey)))
            {
                TryBegin(job, cancel);
            }

            if (running.Count == 0)
            {
                continue;
            }

            await Task.WhenAny(running.Values);
            foreach (var (key, task) in running.Where(job => job.Value.IsCompleted).ToList())
            {
                running.Remove(key);
                ended[key] = await task;
                lock (gate)
                {
                    blueprint = new(GeneratedJobs.OfAttempt(blueprint.Plan, key, attempts[key]));
                }

                await FailFastAsync(blueprint.Jobs[key]);
            }
        }

        await canceling;
        return ended.Any(job => job.Value.Result == JobResult.Cancelled && !failedFast.ContainsKey(job.Key)) ? RunStatus.Canceled
            : blueprint.Plan.Jobs.Any(job => ended[job.Key].Result == JobResult.Failure && !job.AllowFailure) ? RunStatus.Failed
            : RunStatus.Succeeded;
    }

    private IReadOnlyList<string> Add(JobAssignment job, int step, string file, byte[] content)
    {
        lock (gate)
        {
            var origin = new PlannedOrigin { Job = job.Job.Key, Step = step, Attempt = int.Parse(job.Attempt.Split('/')[^1], CultureInfo.InvariantCulture) };
            var (changed, errors) = GeneratedJobs.Add(blueprint.Plan, origin, file, content, facts.Event);
            if (errors.Count > 0)
            {
                throw new ArtifactRefusedException(string.Join('\n', errors));
            }

            blueprint = new(changed);
            return [.. changed.Jobs.Where(one => one.Origin == origin).Select(one => one.Name)];
        }
    }

    /// <summary>Nothing happens while there is no room for it.</summary>
    private void TryBegin(PlannedJob job, CancellationToken cancel)
    {
        var (instead, reason) = cancel.IsCancellationRequested ? new(JobResult.Cancelled, Canceled)
            : failedFast.TryGetValue(job.Key, out var failed) ? new(JobResult.Cancelled, failed)
            : JobAdmission.Decide(facts, key => blueprint.Jobs[key], job, key => ended[key]);
        if (instead is null)
        {
            if (running.Count >= Environment.ProcessorCount || (job.Matrix is { MaxParallel: > 0 } matrix && running.Keys.Count(key => IsBeside(job, blueprint.Jobs[key])) >= matrix.MaxParallel))
            {
                return;
            }

            running[job.Key] = RunAsync(Written(job), cancel);
            return;
        }

        ended[job.Key] = new(instead.Value);
        sink.Tell(job, StatusOf(ended[job.Key].Result), reason);
    }

    private PlannedJob Written(PlannedJob job) => JobScope.HasTemplates(job) ? JobScope.Render(job, JobScope.Of(facts, job, key => ended[key])) : job;

    private static bool IsBeside(PlannedJob job, PlannedJob other) => job.Matrix is not null && job.Matrix.Group == other.Matrix?.Group && job.Stage == other.Stage;

    /// <summary>A job of a matrix that failed ends the others of its matrix.</summary>
    private async Task FailFastAsync(PlannedJob failed)
    {
        if (ended[failed.Key].Result != JobResult.Failure || failed is not { AllowFailure: false, Matrix.FailFast: true })
        {
            return;
        }

        foreach (var other in blueprint.Plan.Jobs.Where(other => IsBeside(failed, other) && !ended.ContainsKey(other.Key)))
        {
            failedFast[other.Key] = $"Canceled because {failed.Name} failed, and the matrix is fail_fast.";
            await runner.Cancel(AttemptOf(other.Key), failedFast[other.Key]);
        }
    }

    /// <summary>Tries again as the job's rule says.</summary>
    private async Task<EndedJob> RunAsync(PlannedJob job, CancellationToken cancel)
    {
        for (var retries = 0; ; retries++)
        {
            attempts[job.Key] = retries + 1;
            var (result, end) = await TryAsync(job);
            if (result.Result != JobResult.Failure || job.Retry?.Next(retries, end.Cause, end.ExitCode) is not { } wait || cancel.IsCancellationRequested)
            {
                return result;
            }

            sink.Tell(job, RunStatus.Waiting, $"tried again{(wait > TimeSpan.Zero ? $" in {wait.TotalSeconds:0} s" : "")}, retry {retries + 1} of {job.Retry.Count}");
            await Task.Delay(wait, TimeProvider.System, cancel).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task<(EndedJob Result, JobEnded End)> TryAsync(PlannedJob job)
    {
        var assignment = new JobAssignment
        {
            Attempt = AttemptOf(job.Key),
            Token = "",
            Org = facts.Org,
            Project = facts.Project,
            Number = facts.Number,
            Event = facts.Event,
            Actor = facts.Actor,
            Job = job,
            Needs = job.Needs.Distinct(StringComparer.Ordinal).ToDictionary(
                key => key,
                key => new NeedResult { Status = StatusOf(ended[key].Result), Outputs = ended[key].Outputs ?? new Dictionary<string, string>(StringComparer.Ordinal) },
                StringComparer.Ordinal),
            ServerUrl = "",
            DefaultBranch = defaultBranch,
            PipelineName = pipeline.Name,
            Inputs = pipeline.Inputs,
        };
        await runner.Run(assignment, CancellationToken.None);
        var end = sink.EndOf(assignment.Attempt);
        return (new(end.Status switch { RunStatus.Succeeded => JobResult.Success, RunStatus.Canceled => JobResult.Cancelled, _ => JobResult.Failure }, end.Outputs), end);
    }

    private string AttemptOf(string key) => $"default/{facts.Org}/{facts.Project}/{facts.Number}/{key}/{attempts.GetValueOrDefault(key, 1)}";

    private static RunStatus StatusOf(JobResult result) => result switch
    {
        JobResult.Success => RunStatus.Succeeded,
        JobResult.Failure => RunStatus.Failed,
        JobResult.Cancelled => RunStatus.Canceled,
        _ => RunStatus.Skipped,
    };
}
