using Cronos;
using Microsoft.Extensions.Logging;
using PRTS.Contracts;
using PRTS.Contracts.Builds;
using PRTS.Contracts.Projects;
using PRTS.Storage.Builds;
using PRTS.Storage.Projects;
using PRTS.Storage.Schedules;

namespace PRTS.Grains;

/// <summary>
/// What keeps a server's work going: at its start and every half minute it wakes the builds that have not ended, at its start it
/// compares every project's refs, and it starts what schedules ask for. Every server runs one; all of it is idempotent.
/// </summary>
public sealed partial class BuildWaker(
    IGrainFactory grains, BuildsReadModel builds, ProjectsReadModel projects, SchedulesStore schedules, GrainsOptions options, TimeProvider time, ILogger<BuildWaker> log)
{
    private const int AtOnce = 16;
    private const int Claims = 50;
    private static readonly TimeSpan Tick = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Lease = TimeSpan.FromMinutes(1);

    /// <summary>Runs until it is stopped. Failures are logged and what failed is done again with the next round.</summary>
    public async Task Run(CancellationToken cancellationToken)
    {
        await Try("wake builds", () => WakeBuilds(cancellationToken), cancellationToken);
        await Try("compare refs", () => SyncProjects(cancellationToken), cancellationToken);
        var woken = time.GetUtcNow();
        using var timer = new PeriodicTimer(Tick, time);
        while (await Next(timer, cancellationToken))
        {
            await Try("start scheduled builds", () => StartDue(cancellationToken), cancellationToken);
            if (time.GetUtcNow() - woken < options.WakeEvery) continue;
            woken = time.GetUtcNow();
            await Try("wake builds", () => WakeBuilds(cancellationToken), cancellationToken);
        }
    }

    /// <summary>Starts what is due now.</summary>
    public async Task StartDue(CancellationToken cancellationToken)
    {
        foreach (var due in await schedules.ClaimDue(time.GetUtcNow(), Claims, Lease, cancellationToken))
        {
            // One that cannot start must not hold up the others: its lease ends and it is claimed again.
            await Try($"start the schedule of {due.Project}", () => Start(due, cancellationToken), cancellationToken);
        }
    }

    private async Task Start(DueSchedule due, CancellationToken cancellationToken)
    {
        await grains.Project(due.Project).Occur(new() { Key = due.Occurrence, File = due.File, Ref = due.Ref, Cron = due.Cron });
        // From now, not from when it was due: a server that was down starts each schedule once, not once for each time missed.
        await schedules.Advance(due, CronExpression.Parse(due.Cron).GetNextOccurrence(time.GetUtcNow(), TimeZoneInfo.Utc), cancellationToken);
    }

    private async Task WakeBuilds(CancellationToken cancellationToken) =>
        await ForEach(await builds.Unfinished(cancellationToken: cancellationToken), build => grains.Build(build).Wake(), cancellationToken);

    private async Task SyncProjects(CancellationToken cancellationToken) =>
        await ForEach(await projects.All(cancellationToken), project => grains.Project(project).SyncRefs(actor: null), cancellationToken);

    private async Task ForEach<T>(IReadOnlyList<T> items, Func<T, Task> act, CancellationToken cancellationToken)
    {
        await Parallel.ForEachAsync(
            items,
            new ParallelOptions { MaxDegreeOfParallelism = AtOnce, CancellationToken = cancellationToken },
            async (item, _) => await Try($"wake {item}", () => act(item), cancellationToken));
    }

    private async Task Try(string what, Func<Task> act, CancellationToken cancellationToken)
    {
        try
        {
            await act();
        }
        catch (Exception failure) when (!cancellationToken.IsCancellationRequested)
        {
            LogFailed(failure, what);
        }
    }

    private static async Task<bool> Next(PeriodicTimer timer, CancellationToken cancellationToken)
    {
        try
        {
            return await timer.WaitForNextTickAsync(cancellationToken);
        }
        catch (OperationCanceledException)
        {
            return false;
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Could not {What}; again soon")]
    private partial void LogFailed(Exception failure, string what);
}
