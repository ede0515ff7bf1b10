using PRTS.Api.Builds;
using PRTS.Api.Projects;
using PRTS.Contracts.Builds;

namespace PRTS.Contracts.Projects;

/// <summary>One project: its numbers of builds and which commit of each ref was triggered. Key: <see cref="ProjectId.Key"/>.</summary>
[Alias("prts.IProjectGrain")]
public interface IProjectGrain : IGrainWithStringKey
{
    /// <summary>Creates the project and its bare repository; false when the name is taken.</summary>
    [Alias("Create")] Task<bool> Create(CreateProject definition);

    /// <summary>Null when the project does not exist.</summary>
    [Alias("Get")] Task<ProjectSummary?> Get();

    /// <summary>Says which branches and tags only those may push who manage the repository; null when the project does not exist.</summary>
    [Alias("Protect")] Task<ProjectSummary?> Protect(RefProtection protection);

    /// <summary>
    /// Compares the repository's refs with those that were triggered and starts what is missing. Called after each push, and for
    /// every project when a server starts, so that a crash between receive and trigger loses no push. Idempotent.
    /// </summary>
    /// <param name="actor">Who pushed; null when found by comparison.</param>
    [Alias("SyncRefs")] Task<IReadOnlyList<BuildId>> SyncRefs(string? actor);

    [Alias("Start")] Task<StartResult> Start(StartBuild request, string actor);

    /// <summary>The same, once for each delivery of a webhook: one that came before is answered with the builds that it started then.</summary>
    /// <param name="delivery">The same each time that it is delivered; unique within the project.</param>
    [Alias("Deliver")] Task<StartResult> Deliver(StartBuild request, string actor, string delivery);

    /// <summary>Starts a new build of the same commit, event and pipeline file.</summary>
    [Alias("Retry")] Task<StartResult> Retry(int number, string actor);

    /// <summary>A schedule came due. Idempotent by occurrence. It is recorded first: when that fails it throws, has started nothing, and is to be called again.</summary>
    [Alias("Occur")] Task Occur(ScheduleOccurrence occurrence);
}

/// <summary>Either the builds that were started, or why none was.</summary>
[GenerateSerializer, Alias("prts.start-result"), Immutable]
public sealed record StartResult
{
    [Id(0)] public IReadOnlyList<BuildId> Builds { get; init; } = [];

    /// <summary>What is wrong and what would be right, in a sentence; null on success.</summary>
    [Id(1)] public string? Problem { get; init; }
}

/// <summary>One due time of one schedule. <see cref="Key"/> is the same for every delivery of it.</summary>
[GenerateSerializer, Alias("prts.schedule-occurrence"), Immutable]
public sealed record ScheduleOccurrence
{
    [Id(0)] public required string Key { get; init; }
    [Id(1)] public required string File { get; init; }
    [Id(2)] public required string Ref { get; init; }
    [Id(3)] public required string Cron { get; init; }
}
