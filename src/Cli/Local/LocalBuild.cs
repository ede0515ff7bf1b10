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

    /// <summary>Why jobs are canceled by others: of their matrix, or in their concurrency group.</summary>
    private readonly Dictionary<string, string> stopped = new(StringComparer.Ordinal);

    /// <summary>Jobs in the order in which they came to each concurrency group.</summary>
    private readonly Dictionary<string, List<string>> lines = new(StringComparer.Ordinal);

    private BuildFacts Facts => facts with { Jobs = blueprint.Plan.Jobs };

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

            foreach (var job in waiting.Where(job => job.Needs.All(ended.ContainsKey)).OrderByDescending(job => job.Priority))
            {
                await TryBeginAsync(job, cancel);
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
        var canceled = ended.Values.Any(job => job.Result == JobResult.Cancelled);
        var failed = blueprint.Plan.Jobs.Any(job => ended[job.Key].Result == JobResult.Failure && !job.AllowFailure);
        return canceled && (cancel.IsCancellationRequested || !failed) ? RunStatus.Canceled : failed ? RunStatus.Failed : RunStatus.Succeeded;
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
    private async Task TryBeginAsync(PlannedJob job, CancellationToken cancel)
    {
        var (instead, reason) = cancel.IsCancellationRequested ? new(JobResult.Cancelled, Canceled)
            : stopped.TryGetValue(job.Key, out var why) ? new(JobResult.Cancelled, why)
            : JobAdmission.Decide(Facts, key => blueprint.Jobs[key], job, key => ended[key]);
        if (instead is null)
        {
            var written = Written(job);
            if (written.Concurrency is { } concurrency && !await IsItsTurnAsync(job, concurrency))
            {
                return;
            }

            if (running.Count >= Environment.ProcessorCount || (job.Matrix is { MaxParallel: > 0 } matrix && running.Keys.Count(key => IsBeside(job, blueprint.Jobs[key])) >= matrix.MaxParallel))
            {
                return;
            }

            running[job.Key] = RunAsync(written, cancel);
            return;
        }

        ended[job.Key] = new(instead.Value);
        sink.Tell(job, NeedResult.StatusOf(instead.Value), reason);
    }

    /// <summary>Of the jobs that name the group, one is under way; a job that cancels those before it has their place.</summary>
    private async Task<bool> IsItsTurnAsync(PlannedJob job, PlannedConcurrency concurrency)
    {
        if (!lines.TryGetValue(concurrency.Group, out var line))
        {
            lines[concurrency.Group] = line = [];
        }

        if (!line.Contains(job.Key))
        {
            foreach (var other in concurrency.CancelInProgress ? line.Where(key => !ended.ContainsKey(key)) : [])
            {
                await StopAsync(other, $"Canceled because {job.Name} took its place in the concurrency group {concurrency.Group}.");
            }

            line.Add(job.Key);
        }

        return line.First(key => !ended.ContainsKey(key)) == job.Key;
    }

    private async Task StopAsync(string key, string reason)
    {
        stopped[key] = reason;
        await runner.Cancel(AttemptOf(key), reason);
    }

    private PlannedJob Written(PlannedJob job) => JobScope.HasTemplates(job) ? JobScope.Render(job, JobScope.Of(Facts, job, key => ended[key])) : job;

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
            await StopAsync(other.Key, $"Canceled because {failed.Name} failed, and the matrix is fail_fast.");
        }
    }

    /// <summary>Tries again as the job's rule says.</summary>
    private async Task<EndedJob> RunAsync(PlannedJob job, CancellationToken cancel)
    {
        var done = new Dictionary<int, OnceDone>();
        for (var retries = 0; ; retries++)
        {
            attempts[job.Key] = retries + 1;
            var (result, end) = await TryAsync(job, done);
            if (TakeOver(job, done) || stopped.ContainsKey(job.Key) || result.Result != JobResult.Failure || job.Retry?.Next(retries, end.Cause, end.ExitCode) is not { } wait || cancel.IsCancellationRequested)
            {
                return result;
            }

            sink.Tell(job, RunStatus.Waiting, $"tried again{(wait > TimeSpan.Zero ? $" in {wait.TotalSeconds:0} s" : "")}, retry {retries + 1} of {job.Retry.Count}");
            await Task.Delay(wait, TimeProvider.System, cancel).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <summary>Steps that run once count as done for the next attempt. True: one ran and did not succeed, and here nobody is asked.</summary>
    private bool TakeOver(PlannedJob job, Dictionary<int, OnceDone> done)
    {
        var claimed = sink.ClaimedIn(AttemptOf(job.Key));
        foreach (var (index, end) in claimed.Where(step => step.Value?.Status == RunStatus.Succeeded))
        {
            done[index] = new() { Reason = $"it ran in attempt {attempts[job.Key]}, and runs only once", Outputs = end!.Outputs ?? new Dictionary<string, string>(StringComparer.Ordinal) };
        }

        return claimed.Values.Any(end => end?.Status is not (RunStatus.Succeeded or RunStatus.Skipped));
    }

    private async Task<(EndedJob Result, JobEnded End)> TryAsync(PlannedJob job, IReadOnlyDictionary<int, OnceDone> done)
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
            Needs = NeededJobs.Of(blueprint.Plan.Jobs, job, key => ended[key]).ToDictionary(need => need.Key, need => NeedResult.Of(need.Value), StringComparer.Ordinal),
            ServerUrl = "",
            DefaultBranch = defaultBranch,
            PipelineName = pipeline.Name,
            Inputs = pipeline.Inputs,
            Done = done.ToDictionary(),
        };
        await runner.Run(assignment, CancellationToken.None);
        var end = sink.EndOf(assignment.Attempt);
        return (new(end.Status switch { RunStatus.Succeeded => JobResult.Success, RunStatus.Canceled => JobResult.Cancelled, _ => JobResult.Failure }, end.Outputs), end);
    }

    private string AttemptOf(string key) => $"default/{facts.Org}/{facts.Project}/{facts.Number}/{key}/{attempts.GetValueOrDefault(key, 1)}";
}
