using PRTS.Api;
using PRTS.Api.Builds;
using PRTS.Contracts.Builds;
using PRTS.Pipelines.Planning;

namespace PRTS.Grains.Builds;

/// <summary>The read copies of jobs and their steps.</summary>
internal static class Summaries
{
    /// <summary>A job as planned, before anything happened to it.</summary>
    public static JobSummary Planned(PlannedJob job, int position) => new()
    {
        Key = job.Key,
        Name = job.Name,
        Stage = job.Stage,
        Status = RunStatus.Queued,
        Needs = job.Needs,
        RunsOn = job.RunsOn,
        Image = job.Container?.Image,
        AllowFailure = job.AllowFailure,
        Environment = job.Environment,
        NeedsContainers = job.Container is not null || job.ServiceContainers.Count > 0 || job.Steps.Any(step => step.Image is not null),
        Position = position,
        Steps = [.. job.Steps.Select(Planned)],
    };

    public static JobSummary Of(JobStart start, JobState state) => Planned(start.Job, start.Position) with
    {
        Status = state.Status,
        Attempt = Math.Max(1, state.Attempt),
        Agent = state.Agent,
        QueuedAt = state.QueuedAt,
        StartedAt = state.StartedAt,
        FinishedAt = state.FinishedAt,
        Reason = state.Reason,
        Version = state.Version,
        Round = state.Round,
        Outputs = state.Outputs,
        Approval = state.Gate?.Waits is { } waits && !state.Status.IsEnded() ? waits : null,
        ExpectedStartAt = state.Status is RunStatus.Queued or RunStatus.Waiting ? state.ExpectedStartAt : null,
        Question = state.Status.IsEnded() ? null : OnceSteps.Question(state, start.Job),
        Steps = [.. start.Job.Steps.Zip(state.Steps, Of)],
    };

    private static StepSummary Planned(PlannedStep step) => new()
    {
        Index = step.Index,
        Name = step.Name,
        Status = RunStatus.Queued,
        Command = step.Run,
        ContinueOnError = step.ContinueOnError,
    };

    private static StepSummary Of(PlannedStep step, StepState state) => Planned(step) with
    {
        Name = state.Name ?? step.Name,
        Status = state.Status,
        StartedAt = state.StartedAt,
        FinishedAt = state.FinishedAt,
        ExitCode = state.ExitCode,
        LogStart = state.LogStart,
        LogEnd = state.LogEnd,
        Reason = state.Reason,
    };
}
