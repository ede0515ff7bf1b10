using PRTS.Api;
using PRTS.Api.Builds;
using PRTS.Cli.Terminal;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace PRTS.Cli.Builds;

/// <summary>A build as a tree in a terminal, redrawn at each change and each second for the times.</summary>
internal static class BuildTree
{
    public static async Task<BuildSummary?> ShowAsync(IAsyncEnumerable<BuildSummary> builds, CancellationToken cancellation)
    {
        BuildSummary? last = null;
        await AnsiConsole.Live(new Text("")).StartAsync(async live =>
        {
            using var done = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
            var clock = TickAsync(() => live.UpdateTarget(last is null ? new Text("") : Render(last)), done.Token);
            await foreach (var build in builds)
            {
                last = build;
                live.UpdateTarget(Render(build));
            }

            await done.CancelAsync();
            await clock;
        });
        return last;
    }

    private static async Task TickAsync(Action draw, CancellationToken cancellation)
    {
        using var timer = new PeriodicTimer(TimeSpan.FromSeconds(1));
        try
        {
            while (await timer.WaitForNextTickAsync(cancellation))
            {
                draw();
            }
        }
        catch (OperationCanceledException)
        {
            // The build has ended.
        }
    }

    private static IRenderable Render(BuildSummary build)
    {
        var tree = new Tree($"{Marked(build.Status, build.Id)} {Markup.Escape(build.Name)} [grey]{Markup.Escape(Say.Ref(build.Ref))} {Say.Commit(build.Commit)} {Markup.Escape(build.Message)}[/]{Time(build.StartedAt, build.FinishedAt)}{Because(build.Reason)}");
        foreach (var diagnostic in build.Diagnostics)
        {
            tree.AddNode($"[red]{Markup.Escape(diagnostic.ToString())}[/]");
        }

        foreach (var stage in build.Stages ?? [])
        {
            var stageNode = tree.AddNode(Marked(stage.Status, stage.Name));
            foreach (var job in stage.Jobs)
            {
                var agent = job.Agent is null ? "" : $" [grey]on {Markup.Escape(job.Agent)}[/]";
                var jobNode = stageNode.AddNode($"{Marked(job.Status, job.Name)}{agent}{Time(job.StartedAt, job.FinishedAt)}{Because(job.Reason)}");
                // The steps of what is over and well only take room.
                foreach (var step in job.Status is RunStatus.Running or RunStatus.Failed ? job.Steps : [])
                {
                    jobNode.AddNode($"{Marked(step.Status, step.Name)}{Time(step.StartedAt, step.FinishedAt)}{Because(step.Reason)}");
                }
            }
        }

        return tree;
    }

    private static string Marked(RunStatus status, string text) => $"[{Say.ColorOf(status)}]{Say.Mark(status)} {Markup.Escape(text)}[/]";

    private static string Time(DateTimeOffset? from, DateTimeOffset? to) => from is null ? "" : $" [grey]{Say.Took(from, to)}[/]";

    private static string Because(string? reason) => reason is null ? "" : $"\n[grey]{Markup.Escape(reason)}[/]";
}
