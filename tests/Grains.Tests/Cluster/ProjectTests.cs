using System.Text;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using PRTS.Api;
using PRTS.Api.Builds;
using PRTS.Api.Projects;
using PRTS.Audit;
using PRTS.Contracts;
using PRTS.Contracts.Builds;
using PRTS.Contracts.Projects;
using PRTS.Storage.Audit;
using PRTS.Storage.Git;
using PRTS.Storage.Projects;

namespace PRTS.Grains.Tests.Cluster;

public sealed class ProjectTests(TestCluster cluster)
{
    private const string Hello = """
        name: Hello
        stages:
          - name: Build
            parallel: true
            jobs:
              - name: Compile
                steps: [{ run: "true" }]
              - name: Lint
                allow_failure: true
                steps: [{ run: "false" }]
          - name: Notify
            if: failure()
            jobs:
              - name: Mail
                steps: [{ run: "true" }]
          - name: Deploy
            needs: [Build]
            when: { branch: main }
            jobs:
              - name: Ship
                if: build.event == 'push'
                steps: [{ run: "true" }]
        """;

    private ProjectId id;

    private Repositories Repositories => cluster.Services.GetRequiredService<Repositories>();

    private IProjectGrain Project => cluster.Grains.Project(id);

    private async Task Create()
    {
        id = cluster.NewProject();
        Assert.True(await Project.Create(new() { Org = id.Org, Name = id.Name, Description = "A test." }));
    }

    private Task Commit(string text, string branch = "main", string path = ".prts/pipeline.yaml", string message = "Change it") => Repositories.CommitFiles(
        id, branch, new Dictionary<string, byte[]>(StringComparer.Ordinal) { [path] = Encoding.UTF8.GetBytes(text) }, message, Plans.Now, TestCluster.Token);

    private static RunStatus Status(BuildSummary build, string job) => build.Stages!.SelectMany(stage => stage.Jobs).First(other => other.Name == job).Status;

    [Fact]
    public async Task Create_Twice_SaysThatTheNameIsTaken()
    {
        await Create();
        Assert.False(await Project.Create(new() { Org = id.Org, Name = id.Name }));
        Assert.Equal("A test.", (await Project.Get())!.Description);
        Assert.NotNull(await cluster.Services.GetRequiredService<ProjectsReadModel>().Get(id, TestCluster.Token));
        Assert.True(Repositories.Exists(id));
    }

    [Theory]
    [InlineData("Upper", "main")]
    [InlineData("ok", "-bad")]
    [InlineData("ok", "a..b")]
    public async Task Create_WithABadName_IsRefused(string name, string branch) =>
        await Assert.ThrowsAsync<FormatException>(() => cluster.Grains.Project(new("default", "test", name)).Create(new() { Org = "test", Name = name, DefaultBranch = branch }));

    [Fact]
    public async Task SyncRefs_AfterAPush_BuildsOnce()
    {
        await Create();
        await Commit(Hello);
        var started = await Project.SyncRefs("ann");
        var build = await cluster.Ended(Assert.Single(started));
        Assert.Equal((RunStatus.Succeeded, 1, "Hello", "push", "refs/heads/main", "ann", "Change it"), (build.Status, build.Number, build.Name, build.Event, build.Ref, build.Actor, build.Message));
        Assert.Equal((RunStatus.Succeeded, RunStatus.Failed), (Status(build, "Compile"), Status(build, "Lint")));
        Assert.Equal((RunStatus.Skipped, RunStatus.Succeeded), (Status(build, "Mail"), Status(build, "Ship")));
        Assert.Empty(await Project.SyncRefs("ann"));
        await cluster.DeactivateAll();
        Assert.Empty(await Project.SyncRefs(null));
    }

    [Fact]
    public async Task SyncRefs_OnAnotherBranch_SkipsWhatIsForMain()
    {
        await Create();
        await Commit(Hello, "feature");
        var build = await cluster.Ended(Assert.Single(await Project.SyncRefs("ann")));
        Assert.Equal((RunStatus.Succeeded, RunStatus.Skipped), (build.Status, Status(build, "Ship")));
    }

    [Fact]
    public async Task SyncRefs_InvalidFile_ShowsAnInvalidBuild()
    {
        await Create();
        await Commit("stages: 7\nfoo: 1\n");
        var number = Assert.Single(await Project.SyncRefs("ann"));
        var build = await cluster.Until(number, build => build.Status == RunStatus.Invalid);
        Assert.True(build.Diagnostics.Count >= 2, string.Join('\n', build.Diagnostics));
        Assert.EndsWith("errors.", build.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task SyncRefs_InvalidFileAndSkipCi_IsSkipped()
    {
        await Create();
        await Commit("stages: 7\n", message: "Half done\n\n[skip ci]");
        var build = await cluster.Ended(Assert.Single(await Project.SyncRefs("ann")));
        Assert.Equal((RunStatus.Skipped, "The commit's message says [skip ci]."), (build.Status, build.Reason));
        Assert.Empty(build.Diagnostics);
    }

    [Fact]
    public async Task SyncRefs_WithoutPipeline_BuildsNothing()
    {
        await Create();
        await Commit("hello", path: "README.md");
        Assert.Empty(await Project.SyncRefs("ann"));
        var result = await Project.Start(new(), "ann");
        Assert.Contains("has no pipeline: add a file .prts/pipeline.yaml", result.Problem, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Start_ByHand_OrSaysWhyNot()
    {
        await Create();
        Assert.Equal($"{id} has no commits yet: push some first.", (await Project.Start(new(), "ann")).Problem);
        await Commit(Hello);
        await Project.SyncRefs("ann");
        Assert.Equal($"There is no branch or tag 'nope' in {id}.", (await Project.Start(new() { Ref = "nope" }, "ann")).Problem);
        Assert.Contains("has no pipeline file x.yaml; it has .prts/pipeline.yaml.", (await Project.Start(new() { File = "x.yaml" }, "ann")).Problem, StringComparison.Ordinal);
        var started = await Project.Start(new() { Ref = "main" }, "bob");
        var build = await cluster.Ended(Assert.Single(started.Builds));
        Assert.Equal((2, "manual", "bob"), (build.Number, build.Event, build.Actor));
        Assert.Equal(RunStatus.Skipped, Status(build, "Ship"));
    }

    /// <summary>What a branch may have is for what is in it, not for what somebody calls by its name.</summary>
    [Fact]
    public async Task Start_OfACommitOfAnotherBranch_IsRefused()
    {
        await Create();
        await Commit(Hello);
        var tip = (await Repositories.Refs(id))["refs/heads/main"];
        await Commit(Hello.Replace("name: Hello", "name: Other", StringComparison.Ordinal), branch: "feature");
        await Project.SyncRefs("ann");
        var foreign = (await Repositories.Refs(id))["refs/heads/feature"];
        Assert.Equal($"The commit {foreign} is not in refs/heads/main. Start the branch that it is in.", (await Project.Start(new() { Ref = "main", Commit = foreign }, "eve")).Problem);
        Assert.Equal($"The commit {foreign} is not in refs/heads/main. Start the branch that it is in.", (await Project.Deliver(new() { Ref = "refs/heads/main", Commit = foreign }, "webhook/forge", "forge/1")).Problem);
        Assert.Single((await Project.Start(new() { Ref = "main", Commit = tip }, "bob")).Builds);
        Assert.Single((await Project.Start(new() { Ref = "feature", Commit = foreign }, "bob")).Builds);
    }

    [Fact]
    public async Task Deliver_TheSameTwice_AnswersWithTheSameBuilds()
    {
        await Create();
        await Commit(Hello);
        await Project.SyncRefs("ann");
        Assert.Equal($"There is no branch or tag 'nope' in {id}.", (await Project.Deliver(new() { Ref = "nope" }, "webhook/forge", "forge/1")).Problem);
        var first = Assert.Single((await Project.Deliver(new() { Ref = "refs/heads/main" }, "webhook/forge", "forge/1")).Builds);
        Assert.Equal(first, Assert.Single((await Project.Deliver(new() { Ref = "refs/heads/main" }, "webhook/forge", "forge/1")).Builds));
        Assert.Equal(first.Number + 1, Assert.Single((await Project.Deliver(new() { Ref = "refs/heads/main" }, "webhook/forge", "forge/2")).Builds).Number);
        var build = await cluster.Ended(first);
        Assert.Equal(("manual", "refs/heads/main", "webhook/forge"), (build.Event, build.Ref, build.Actor));
    }

    [Fact]
    public async Task Retry_BuildsTheSameAgain()
    {
        await Create();
        await Commit(Hello);
        var first = await cluster.Ended(Assert.Single(await Project.SyncRefs("ann")));
        var again = await cluster.Ended(Assert.Single((await Project.Retry(1, "bob")).Builds));
        Assert.Equal((2, 1, "push", first.Commit, "bob"), (again.Number, again.RetryOf, again.Event, again.Commit, again.Actor));
        Assert.Equal($"There is no build {id}#9.", (await Project.Retry(9, "bob")).Problem);
    }

    [Fact]
    public async Task Schedule_ComesDue_StartsOnce()
    {
        await Create();
        await Commit("triggers: [{ schedule: { cron: '0 0 1 1 *' } }]\n" + Hello);
        Assert.Empty(await Project.SyncRefs("ann"));
        var occurrence = new ScheduleOccurrence { Key = "1-1", File = ".prts/pipeline.yaml", Ref = "refs/heads/main", Cron = "0 0 1 1 *" };
        await Project.Occur(occurrence);
        await cluster.DeactivateAll();
        await Project.Occur(occurrence);
        await Project.Occur(occurrence with { Key = "1-2" });
        var build = await cluster.Ended(new BuildId(id, 2));
        Assert.Equal(("schedule", "schedule"), (build.Event, build.Actor));
        Assert.Null(await cluster.Grains.Build(new(id, 3)).Get());

        var recorded = await Recorded();
        Assert.Equal(2, recorded.Count);
        Assert.All(recorded, entry => Assert.Equal(
            (AuditOutcome.Allowed, AuditActorKind.System, "schedules", AuditVia.System, id.Name, "build"),
            (entry.Outcome, entry.Actor.Kind, entry.Actor.Name, entry.Origin.Via, entry.Target.Project, entry.Target.Kind)));
        Assert.Equal($$"""{"commit":"{{build.Commit}}","cron":"0 0 1 1 *","file":".prts/pipeline.yaml","ref":"refs/heads/main"}""", Canonical.Text(recorded[0].After));
    }

    [Fact]
    public async Task Schedule_ThatCannotBeRecorded_StartsNothingAndIsNotLost()
    {
        id = new("unrecorded", "test", "p1");
        Assert.True(await Project.Create(new() { Org = id.Org, Name = id.Name }));
        await Commit("triggers: [{ schedule: { cron: '0 0 1 1 *' } }]\n" + Hello);
        Assert.Empty(await Project.SyncRefs("ann"));
        var occurrence = new ScheduleOccurrence { Key = "1-1", File = ".prts/pipeline.yaml", Ref = "refs/heads/main", Cron = "0 0 1 1 *" };
        await Run("create trigger broken before insert on audit_entries for each row when (new.tenant = 'unrecorded') execute function audit_refuse()");
        await Assert.ThrowsAnyAsync<Exception>(() => Project.Occur(occurrence));
        Assert.Null(await cluster.Grains.Build(new(id, 1)).Get());
        await Run("drop trigger broken on audit_entries");
        await Project.Occur(occurrence);
        Assert.NotNull(await cluster.Grains.Build(new(id, 1)).Get());
        Assert.Single(await Recorded());
        await cluster.Grains.Build(new(id, 1)).Cancel("ann", "Nobody builds for that tenant.");

        async Task Run(string sql)
        {
            await using var command = cluster.Services.GetRequiredService<NpgsqlDataSource>().CreateCommand(sql);
            await command.ExecuteNonQueryAsync(TestCluster.Token);
        }
    }

    private async Task<IReadOnlyList<AuditEntry>> Recorded() =>
        (await cluster.Services.GetRequiredService<AuditEntries>().Find(id.Tenant, new() { Action = "build:start", Project = $"{id.Org}/{id.Name}" }, before: null, take: 10, TestCluster.Token)).Items;

    [Fact]
    public async Task Protect_IsKeptAndProjected()
    {
        id = cluster.NewProject();
        Assert.Null(await Project.Protect(new() { Refs = ["main"] }));
        await Create();
        Assert.Equal(["main", "tag:v*"], (await Project.Protect(new() { Refs = ["main", "tag:v*"] }))!.Protection.Refs);
        await Assert.ThrowsAsync<FormatException>(() => Project.Protect(new() { Refs = ["refs/heads/main"] }));
        await cluster.DeactivateAll();
        Assert.Equal(["main", "tag:v*"], (await Project.Get())!.Protection.Refs);
        Assert.Equal(["main", "tag:v*"], (await cluster.Services.GetRequiredService<ProjectsReadModel>().Get(id, TestCluster.Token))!.Protection.Refs);
    }

    [Theory]
    [InlineData("refs/heads/main", true)]
    [InlineData("refs/heads/main2", false)]
    [InlineData("refs/heads/MAIN", false)]
    [InlineData("refs/heads/release/1/2", true)]
    [InlineData("refs/heads/release/old", false)]
    [InlineData("refs/heads/v1", false)]
    [InlineData("refs/tags/v1", true)]
    [InlineData("refs/tags/main", false)]
    [InlineData("refs/tags/v-test", false)]
    [InlineData("refs/notes/main", false)]
    public void Protection_Covers_BranchesAndTagsByTheirPatterns(string name, bool expected) =>
        Assert.Equal(expected, new RefProtection { Refs = ["main", "release/**", "!release/old", "tag:v*", "!tag:v-test"] }.Covers(name));
}
