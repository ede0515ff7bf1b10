using PRTS.Api;
using PRTS.Api.Builds;
using PRTS.Api.Projects;
using PRTS.Contracts.Builds;
using PRTS.Contracts.Projects;
using PRTS.Pipelines.Planning;
using PRTS.Storage.Agents;
using PRTS.Storage.Builds;
using PRTS.Storage.Projects;

namespace PRTS.Storage.Tests;

public sealed class ReadModelTests(StorageFixture storage)
{
    private static readonly DateTimeOffset Start = new(2026, 11, 23, 12, 0, 0, TimeSpan.FromHours(8));
    private readonly string tenant = $"t{Guid.NewGuid():N}";
    private readonly BuildsReadModel builds = new(storage.Database, new AgentsReadModel(storage.Database), new(storage.Database, TimeProvider.System), TimeProvider.System);
    private readonly UsualTimes usualTimes = new(storage.Database, TimeProvider.System);
    private readonly ProjectsReadModel projects = new(storage.Database);

    private ProjectId Project => new(tenant, "demo", "hello");

    [Fact]
    public async Task UpsertBuild_OlderVersion_ChangesNothing()
    {
        var id = new BuildId(Project, 1);
        await builds.Upsert(id, Build(1) with { Version = 5, Status = RunStatus.Succeeded });
        await builds.Upsert(id, Build(1) with { Version = 4, Status = RunStatus.Running });
        await builds.Upsert(id, Build(1) with { Version = 5, Status = RunStatus.Failed });

        Assert.Equal(RunStatus.Succeeded, (await builds.Get(id))!.Status);
        Assert.Equal(1, (await builds.List(tenant, null, new() { Status = RunStatus.Succeeded })).Total);
    }

    [Fact]
    public async Task UpsertJob_ManyVersionsAtOnce_TheHighestStays()
    {
        var id = new BuildId(Project, 1);
        await Task.WhenAll(Enumerable.Range(1, 40).Select(version => builds.UpsertJob(id, Job("a", 0) with { Version = version, Reason = $"{version}" })));

        Assert.Equal("40", (await builds.Job(new(id, "a")))!.Reason);
    }

    [Fact]
    public async Task UpsertJob_LaterAttemptBeginsAgain_Replaces()
    {
        var id = new BuildId(Project, 1);
        await builds.UpsertJob(id, Job("a", 0) with { Version = 9 });
        await builds.UpsertJob(id, Job("a", 0) with { Version = 1, Attempt = 2 });
        await builds.UpsertJob(id, Job("a", 0) with { Version = 10 });

        Assert.Equal(2, (await builds.Job(new(id, "a")))!.Attempt);
    }

    [Fact]
    public async Task Get_BuildWithStages_GivesThemInOrderWithTheirJobs()
    {
        var id = new BuildId(Project, 1);
        StageSummary[] stages =
        [
            new() { Name = "Build", Status = RunStatus.Queued, Jobs = [Job("b", 0), Job("a", 1)] },
            new() { Name = "Test", Status = RunStatus.Queued, Needs = ["Build"], Jobs = [Job("t", 2) with { Stage = "Test" }] },
        ];
        await builds.Upsert(id, Build(1) with { Stages = stages });
        await builds.UpsertJob(id, Job("b", 0) with { Version = 2, Status = RunStatus.Running });
        // Later projections come without stages and keep them.
        await builds.Upsert(id, Build(1) with { Version = 2, Status = RunStatus.Running });

        var build = (await builds.Get(id))!;

        Assert.Equal(["Build", "Test"], build.Stages!.Select(stage => stage.Name));
        Assert.Equal([RunStatus.Running, RunStatus.Queued], build.Stages!.Select(stage => stage.Status));
        Assert.Equal(["b", "a"], build.Stages![0].Jobs.Select(job => job.Key));
        Assert.Equal(["Build"], build.Stages![1].Needs);
        Assert.Equal(3, (await builds.Jobs(id)).Count);
        Assert.Null((await builds.List(tenant, Project, new())).Items[0].Stages);
    }

    [Fact]
    public async Task UsualTimes_AreTheMediansOfThePipelinesSuccesses()
    {
        var start = new DateTimeOffset(2026, 11, 24, 12, 0, 0, TimeSpan.Zero);
        foreach (var (number, seconds, status) in new[] { (1, 10, RunStatus.Succeeded), (2, 30, RunStatus.Succeeded), (3, 20, RunStatus.Succeeded), (4, 999, RunStatus.Failed) })
        {
            var done = Job("a", 0) with { Status = status, StartedAt = start, FinishedAt = start.AddSeconds(seconds) };
            await builds.Upsert(new(Project, number), Build(number) with { Status = status, Stages = [new() { Name = "Build", Status = status, Jobs = [done] }] });
        }

        var usual = await usualTimes.OfJobs(Project, Build(1).File);

        Assert.Equal(TimeSpan.FromSeconds(20), Assert.Single(usual, job => job.Key == "a").Value);
        Assert.Empty(await usualTimes.OfJobs(Project, ".prts/other.yaml"));
    }

    [Fact]
    public async Task Upsert_AnyText_ComesBack()
    {
        var id = new BuildId(Project, 1);
        var outputs = new Dictionary<string, string> { ["s.nul"] = "a\0b", ["s.text"] = "\\u0000 \"quoted\" ä 😀 \\" };
        await builds.Upsert(id, Build(1) with { Message = "it's 100%_\\ 'x' \0" });
        await builds.UpsertJob(id, Job("a", 0) with { Outputs = outputs });

        Assert.Equal("it's 100%_\\ 'x' \uFFFD", (await builds.Get(id))!.Message);
        var back = (await builds.Job(new(id, "a")))!.Outputs!;
        Assert.Equal(("a\uFFFDb", outputs["s.text"]), (back["s.nul"], back["s.text"]));
        Assert.Equal(1, (await builds.List(tenant, null, new() { Text = "100%_\\" })).Total);
        Assert.Equal(0, (await builds.List(tenant, null, new() { Text = "1%0" })).Total);
    }

    [Fact]
    public async Task List_FiltersAndPages_NewestFirst()
    {
        for (var number = 1; number <= 25; number++)
        {
            await builds.Upsert(new(Project, number), Build(number) with
            {
                Status = number % 5 == 0 ? RunStatus.Failed : RunStatus.Succeeded,
                Ref = number % 2 == 0 ? "refs/heads/main" : "refs/tags/v1",
                Author = number == 7 ? "Zoë" : "Ann",
            });
        }

        await builds.Upsert(new(new(tenant, "demo", "other"), 1), Build(1) with { Project = "other", CreatedAt = Start.AddDays(1) });
        await builds.Upsert(new(new(tenant + "x", "demo", "hello"), 1), Build(1));

        var page = await builds.List(tenant, Project, new() { Skip = 10, Take = 10 });
        Assert.Equal((25, 15, 6), ((int)page.Total, page.Items[0].Number, page.Items[^1].Number));
        Assert.Equal((25, 0), ((int)(await builds.List(tenant, Project, new() { Skip = 99 })).Total, (await builds.List(tenant, Project, new() { Skip = 99 })).Items.Count));
        Assert.Equal((26, "other"), ((int)(await builds.List(tenant, null, new())).Total, (await builds.List(tenant, null, new())).Items[0].Project));
        Assert.Equal(5, (await builds.List(tenant, Project, new() { Status = RunStatus.Failed })).Total);
        Assert.Equal(12, (await builds.List(tenant, Project, new() { Ref = "main" })).Total);
        Assert.Equal(13, (await builds.List(tenant, Project, new() { Ref = "refs/tags/v1" })).Total);
        Assert.Equal(7, Assert.Single((await builds.List(tenant, Project, new() { Author = "zoë" })).Items).Number);
        Assert.Equal(2, (await builds.List(tenant, Project, new() { Ref = "main", Status = RunStatus.Failed })).Total);
    }

    [Fact]
    public async Task Unfinished_StatusesThatGoOn_AreFound()
    {
        var statuses = Enum.GetValues<RunStatus>();
        for (var i = 0; i < statuses.Length; i++) await builds.Upsert(new(Project, i + 1), Build(i + 1) with { Status = statuses[i] });

        Assert.Equal(
            statuses.Select((status, i) => (status, id: new BuildId(Project, i + 1))).Where(build => !build.status.IsEnded()).Select(build => build.id),
            await builds.Unfinished(tenant));
        Assert.True((await builds.Unfinished()).Count >= 3);
    }

    [Fact]
    public async Task Projects_ListAndGet_BringTheLatestBuild()
    {
        await projects.Upsert(Project, Summary("hello") with { Version = 2, Description = "Says hello" });
        await projects.Upsert(Project, Summary("hello") with { Version = 1, Description = "older" });
        await projects.Upsert(new(tenant, "demo", "zzz"), Summary("zzz"));
        await builds.Upsert(new(Project, 9), Build(9));
        await builds.Upsert(new(Project, 10), Build(10));

        var page = await projects.List(tenant, new());
        Assert.Equal(["demo/hello", "demo/zzz"], page.Items.Select(project => project.FullName));
        Assert.Equal((10, null), (page.Items[0].LatestBuild!.Number, page.Items[1].LatestBuild));
        Assert.Equal("Says hello", (await projects.Get(Project))!.Description);
        Assert.Equal(1, (await projects.List(tenant, new() { Search = "says" })).Total);
        Assert.Equal(1, (await projects.List(tenant, new() { Search = "o/Z" })).Total);
        Assert.Equal((2, 1), ((int)(await projects.List(tenant, new() { Skip = 1, Take = 1 })).Total, (await projects.List(tenant, new() { Skip = 1, Take = 1 })).Items.Count));
        Assert.Contains(Project, await projects.All());
        Assert.Null(await projects.Get(new(tenant, "demo", "none")));
    }

    [Fact]
    public async Task Plan_SavedTwice_KeepsTheFirst()
    {
        var plans = new PlanStore(storage.Database);
        var step = new PlannedStep { Index = 0, Name = "s", Run = "echo \0ä", Env = new Dictionary<string, string> { ["A"] = "1" } };
        var job = new PlannedJob
        {
            Key = "a",
            Name = "A",
            Stage = "S",
            Needs = [],
            Steps = [step],
            Timeout = TimeSpan.FromMinutes(5),
        };
        var plan = new BuildPlan { Name = "p", File = "f", Stages = [new() { Name = "S", Needs = [] }], Jobs = [job] };
        var id = new BuildId(Project, 1);

        await plans.Save(id, plan);
        await plans.Save(id, plan with { Name = "other" });

        var loaded = (await plans.Load(id))!;
        Assert.Equal(("p", "echo \0ä", TimeSpan.FromMinutes(5), "1"), (loaded.Name, loaded.Jobs[0].Steps[0].Run, loaded.Jobs[0].Timeout, loaded.Jobs[0].Steps[0].Env["A"]));
        Assert.Null(await plans.Load(new(Project, 2)));
        await plans.Save(new(Project, 3), plan with { SchemaVersion = 2 });
        await Assert.ThrowsAsync<InvalidDataException>(() => plans.Load(new(Project, 3)));
    }

    private static ProjectSummary Summary(string name) => new() { Org = "demo", Name = name, CreatedAt = Start };

    private static BuildSummary Build(int number) => new()
    {
        Org = "demo",
        Project = "hello",
        Number = number,
        Status = RunStatus.Queued,
        Name = "CI",
        File = ".prts/pipeline.yaml",
        Event = "push",
        Ref = "refs/heads/main",
        Commit = new string('a', 40),
        CreatedAt = Start.AddMinutes(number),
        Version = 1,
    };

    private static JobSummary Job(string key, int position) =>
        new() { Key = key, Name = key, Stage = "Build", Status = RunStatus.Queued, Position = position, Version = 1 };
}
