using PRTS.Api.Artifacts;
using PRTS.Cli.Terminal;
using Spectre.Console;

namespace PRTS.Cli.Artifacts;

/// <summary>Downloads artifacts one after another, with a bar for each where somebody watches.</summary>
internal static class DownloadProgress
{
    public static async Task RunAsync(IReadOnlyList<ArtifactSummary> artifacts, ArtifactDownload download, CancellationToken cancellation)
    {
        if (Console.IsOutputRedirected)
        {
            foreach (var artifact in artifacts)
            {
                await FetchAsync(artifact, download, _ => { }, cancellation);
            }
        }
        else
        {
            var columns = new ProgressColumn[] { new TaskDescriptionColumn(), new ProgressBarColumn(), new PercentageColumn(), new DownloadedColumn(), new TransferSpeedColumn() };
            await AnsiConsole.Progress().Columns(columns).StartAsync(async progress =>
            {
                foreach (var artifact in artifacts)
                {
                    var bar = progress.AddTask(Markup.Escape(artifact.Name), maxValue: Math.Max(artifact.Size, 1));
                    await FetchAsync(artifact, download, bytes => bar.Increment(bytes), cancellation);
                    bar.Value = bar.MaxValue;
                }
            });
        }

        foreach (var artifact in artifacts)
        {
            Console.Out.WriteLine($"{artifact.Name}: {artifact.Files} {(artifact.Files == 1 ? "file" : "files")}, {Say.Size(artifact.Size)}, in {download.DirectoryOf(artifact)}");
        }
    }

    private static async Task FetchAsync(ArtifactSummary artifact, ArtifactDownload download, Action<long> progress, CancellationToken cancellation)
    {
        foreach (var file in await download.ListAsync(artifact, cancellation))
        {
            await download.FetchAsync(artifact, file, progress, cancellation);
        }
    }
}
