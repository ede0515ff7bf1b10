using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Orleans.Serialization;
using Orleans.Storage;
using PRTS.Api;
using PRTS.Grains.Access;
using PRTS.Grains.Builds;
using PRTS.Grains.Concurrency;
using PRTS.Grains.Projects;

namespace PRTS.Grains.Tests;

/// <summary>
/// What is stored must stay readable: the bytes of each persisted type are kept in Golden/. A change that breaks them breaks
/// installations; one that is meant is recorded with <c>PRTS_UPDATE_GOLDEN=1</c>.
/// </summary>
public sealed class PersistedStateTests
{
    private static readonly DateTimeOffset Now = Plans.Now;
    private static readonly SystemTextJsonGrainStorageSerializer Json = new(Options.Create(new SystemTextJsonGrainStorageSerializerOptions()));
    private static readonly Serializer Orleans = new ServiceCollection().AddSerializer().BuildServiceProvider().GetRequiredService<Serializer>();

    public static TheoryData<string> Names => ["job-definition", "job-state", "build-state", "project-state", "concurrency-state", "tenant-state", "organization-state", "team-state", "user-state", "grants-state"];

    private static object? AccessSample(string name) => name switch
    {
        "tenant-state" => new TenantState { Version = 2, Summary = new() { Name = "acme", DisplayName = "Acme", CreatedAt = Now }, Roles = [new("deployer", ["environment:*", "pipeline:run"])] },
        "organization-state" => new OrganizationState { Version = 1, Description = "Acme", CreatedAt = Now },
        "team-state" => new TeamState { Version = 3, Description = "The core", Members = [Guid.Empty] },
        "user-state" => new UserState { Version = 2, Profile = new() { Name = "ann", DisplayName = "Ann", Email = "ann@example.com", CreatedAt = Now }, Identities = [new("oidc", "1-2-3")] },
        "grants-state" => new GrantsState { Version = 4, Grants = [new("user:00000000-0000-0000-0000-000000000000", "admin"), new("team:acme/core", "developer")] },
        _ => null,
    };

    private static object Sample(string name) => AccessSample(name) ?? name switch
    {
        "job-definition" => new JobDefinition { Start = Plans.Start(Plans.Job("lint", needs: ["compile"], @if: "always()")) with { TraceParent = "00-a-b-01" } },
        "job-state" => new JobState
        {
            Version = 7,
            Status = RunStatus.Running,
            Attempt = 2,
            Agent = "agent-1",
            Reason = "Because.",
            CancelReason = "Canceled by ann.",
            LastSequence = 3,
            QueuedAt = Now,
            StartedAt = Now.AddSeconds(1),
            FinishedAt = Now.AddSeconds(2),
            LogLength = 99,
            Retries = 1,
            NotBefore = Now.AddSeconds(10),
            Group = "deploy",
            Entered = true,
            Environment = "production",
            Gate = new()
            {
                Since = Now,
                Approvals = [new() { By = "bob", At = Now, Comment = "Fine." }],
                Waits = new() { Environment = "production", Required = 2, Given = [new() { By = "bob", At = Now }], Approvers = ["bob", "cid"], NotBefore = Now.AddMinutes(5) },
            },
            Outputs = new Dictionary<string, string>(StringComparer.Ordinal) { ["version"] = "1.2" },
            Steps = [new() { Status = RunStatus.Failed, StartedAt = Now, FinishedAt = Now, ExitCode = 1, LogStart = 0, LogEnd = 9, Reason = "Exit code 1.", Name = "Lint" }],
        },
        "build-state" => new BuildState
        {
            Version = 3,
            Status = RunStatus.Failed,
            Request = Plans.Request(null) with { RetryOf = 4 },
            StartedAt = Now,
            FinishedAt = Now,
            Reason = "LINT failed.",
            CancelReason = "Stop.",
            Group = "deploy",
            Entered = true,
            Jobs = new Dictionary<string, BuildJob>(StringComparer.Ordinal)
            {
                ["lint"] = new() { Status = RunStatus.Failed, Reason = "Exit code 1.", Outputs = new Dictionary<string, string>(StringComparer.Ordinal) { ["v"] = "1" } },
                ["ship"] = new() { Status = RunStatus.Skipped, Unstarted = true },
                ["test"] = new() { Status = RunStatus.Queued, CancelReason = "Another failed." },
            },
        },
        "concurrency-state" => new ConcurrencyState
        {
            Version = 4,
            Holder = new() { Member = "default/demo/hello/7", Name = "build #7" },
            Queue = [new() { Member = "default/demo/hello/8", Name = "build #8", CancelInProgress = true }],
            Superseded = [new("default/demo/hello/7", "build #8")],
        },
        _ => new ProjectState
        {
            Version = 5,
            Description = "A sample.",
            DefaultBranch = "trunk",
            CreatedAt = Now,
            NextNumber = 9,
            ScheduledCommit = Plans.Push.Commit,
            Occurrences = ["1-2"],
            Deliveries = [new() { Key = "forge/d-1", First = 4, Count = 2 }],
            Protection = new() { Refs = ["main", "tag:v*"] },
            Triggered = new Dictionary<string, string>(StringComparer.Ordinal) { ["refs/heads/main"] = Plans.Push.Commit },
            Pending = [new() { Number = 8, Event = Plans.Push, File = ".prts/pipeline.yaml", Before = "b", Actor = "ann", CreatedAt = Now, RetryOf = 2 }],
        },
    };

    [Theory]
    [MemberData(nameof(Names))]
    public void Json_IsAsItWas_AndReadsBack(string name)
    {
        var sample = Sample(name);
        var text = Indented(Write(sample));
        Assert.Equal(Golden($"{name}.json", text), text);
        Assert.Equal(text, Indented(Write(Read(sample.GetType(), BinaryData.FromString(text)))));
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void OrleansBytes_AreAsTheyWere_AndReadBack(string name)
    {
        var sample = Sample(name);
        var hex = Convert.ToHexStringLower(Orleans.SerializeToArray(sample)) + "\n";
        Assert.Equal(Golden($"{name}.hex", hex), hex);
        Assert.Equal(Indented(Write(sample)), Indented(Write(Orleans.Deserialize<object>(Convert.FromHexString(hex.TrimEnd()))!)));
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Json_OfALaterVersion_IsStillRead(string name)
    {
        var later = JsonNode.Parse(Write(Sample(name)).ToString())!.AsObject();
        later["SomethingNew"] = 1;
        Assert.Equal(Indented(Write(Sample(name))), Indented(Write(Read(Sample(name).GetType(), BinaryData.FromString(later.ToJsonString())))));
    }

    [Fact]
    public void StateOfAJob_IsAFewKilobytesAtMost()
    {
        var state = JobLifecycle.Start(new(), Plans.Start(Plans.Job("lint") with { Steps = [.. Enumerable.Repeat(Plans.Job("lint").Steps[0], 30)] }), Now);
        Assert.InRange(Json.Serialize(state).ToMemory().Length, 1, 4096);
    }

    private static BinaryData Write(object value) =>
        (BinaryData)typeof(SystemTextJsonGrainStorageSerializer).GetMethod(nameof(Json.Serialize))!.MakeGenericMethod(value.GetType()).Invoke(Json, [value])!;

    private static object Read(Type type, BinaryData data) =>
        typeof(SystemTextJsonGrainStorageSerializer).GetMethod(nameof(Json.Deserialize))!.MakeGenericMethod(type).Invoke(Json, [data])!;

    private static string Indented(BinaryData json) => JsonNode.Parse(json.ToString())!.ToJsonString(new JsonSerializerOptions { WriteIndented = true }) + "\n";

    private static string Golden(string file, string actual)
    {
        if (Environment.GetEnvironmentVariable("PRTS_UPDATE_GOLDEN") == "1")
        {
            var folder = Directory.CreateDirectory(Path.Combine(SourceFolder(), "Golden")).FullName;
            File.WriteAllText(Path.Combine(folder, file), actual);
            return actual;
        }

        return File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "Golden", file));
    }

    private static string SourceFolder([System.Runtime.CompilerServices.CallerFilePath] string path = "") => Path.GetDirectoryName(path)!;
}
