using PRTS.Api;
using PRTS.Api.Builds;
using PRTS.Contracts.Builds;
using PRTS.Contracts.Projects;

namespace PRTS.Web.Tests.Pages;

/// <summary>Builds as the pages get them.</summary>
internal static class Samples
{
    public static readonly DateTimeOffset Noon = new(2026, 1, 2, 12, 0, 0, TimeSpan.Zero);
    public static readonly BuildId Id = new(new ProjectId(ProjectId.DefaultTenant, "acme", "shop"), 7);

    public static JobSummary Job(string key, string stage, RunStatus status = RunStatus.Queued, params string[] needs) =>
        new() { Key = key, Name = key, Stage = stage, Status = status, Needs = needs };

    public static StageSummary Stage(string name, string[] needs, params JobSummary[] jobs) =>
        new() { Name = name, Status = StageStatus.Of(jobs), Needs = needs, Jobs = jobs };

    public static BuildSummary Build(RunStatus status, params StageSummary[] stages) => new()
    {
        Org = "acme",
        Project = "shop",
        Number = 7,
        Status = status,
        Name = "Build",
        File = ".prts/pipeline.yaml",
        Event = "push",
        Ref = "refs/heads/main",
        Commit = "0123456789abcdef0123456789abcdef01234567",
        Message = "Make it better",
        CreatedAt = Noon,
        Stages = stages,
    };
}
