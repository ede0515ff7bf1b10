using PRTS.Contracts.Builds;
using PRTS.Pipelines.Planning;

namespace PRTS.Grains.Tests;

/// <summary>Plans written by hand: the language has its own tests.</summary>
internal static class Plans
{
    public static readonly DateTimeOffset Now = new(2026, 11, 23, 12, 0, 0, TimeSpan.Zero);

    public static readonly TriggerEvent Push = new() { Kind = "push", Ref = "refs/heads/main", Commit = new string('a', 40) };

    /// <summary>A job with one step. Run: what the fake agent makes of it (<see cref="Cluster.FakeAgent"/>).</summary>
    public static PlannedJob Job(string key, string run = "true", string[]? needs = null, string? @if = null, string? skip = null, bool allowFailure = false, string stage = "Build") => new()
    {
        Key = key,
        Name = key.ToUpperInvariant(),
        Stage = stage,
        Needs = needs ?? [],
        If = @if,
        SkipReason = skip,
        AllowFailure = allowFailure,
        Steps = [new PlannedStep { Index = 0, Name = run, Run = run, Env = new Dictionary<string, string>(StringComparer.Ordinal) }],
    };

    public static BuildPlan Of(params PlannedJob[] jobs) => new()
    {
        Name = "Test",
        File = ".prts/pipeline.yaml",
        Jobs = jobs,
        Stages = [.. jobs.Select(job => job.Stage).Distinct(StringComparer.Ordinal).Select(stage => new PlannedStage { Name = stage, Needs = [] })],
    };

    public static BuildRequest Request(BuildPlan? plan) => new()
    {
        Event = Push,
        Name = "Test",
        File = ".prts/pipeline.yaml",
        Plan = plan,
        Actor = "ann",
        Author = "Ann",
        Message = "Change",
        CreatedAt = Now,
    };

    public static JobStart Start(PlannedJob job) => new()
    {
        Job = job,
        Event = Push,
        Needs = new Dictionary<string, Api.Builds.NeedResult>(StringComparer.Ordinal),
        Actor = "ann",
        PipelineName = "Test",
    };
}
