using System.CommandLine;
using PRTS.Api.Artifacts;
using PRTS.Cli.Builds;
using PRTS.Cli.Connection;
using PRTS.Cli.Terminal;

namespace PRTS.Cli.Artifacts;

internal static class ArtifactCommands
{
    public static Command Create() => new("artifact", "Artifacts: files that jobs kept") { List(), Download() };

    private static Command List()
    {
        var (build, json) = (BuildName.Argument(), Options.Json());
        var command = new Command("list", "List the artifacts of a build") { build, json };
        command.SetAction(async (parsed, cancellation) =>
        {
            using var api = ApiClient.Connect();
            var artifacts = await FindAsync(api, parsed.GetRequiredValue(build), cancellation);
            if (parsed.GetValue(json))
            {
                CliJson.Print(artifacts);
                return ExitCodes.Succeeded;
            }

            var table = new Table("ARTIFACT", "JOB", "FILES", "SIZE", "KEPT");
            foreach (var artifact in artifacts)
            {
                table.Add(artifact.Name, artifact.Job, artifact.Files.ToString(System.Globalization.CultureInfo.InvariantCulture), Say.Size(artifact.Size), Say.Ago(artifact.CreatedAt));
            }

            table.Print(Console.Out);
            return ExitCodes.Succeeded;
        });
        return command;
    }

    private static Command Download()
    {
        var build = BuildName.Argument();
        var name = new Argument<string?>("artifact") { Description = "The artifact's name (all of the build)", Arity = ArgumentArity.ZeroOrOne };
        var job = new Option<string?>("--job") { Description = "The key of the job that kept it; needed where several kept one of this name", HelpName = "key" };
        var output = new Option<string>("--output", "-o") { Description = "Where to: each artifact becomes a directory in it (here)", HelpName = "directory", DefaultValueFactory = _ => "." };
        var command = new Command("download", "Download artifacts; goes on where an earlier download was cut") { build, name, job, output };
        command.SetAction(async (parsed, cancellation) =>
        {
            using var api = ApiClient.Connect();
            var chosen = Choose(await FindAsync(api, parsed.GetRequiredValue(build), cancellation), parsed.GetRequiredValue(build), parsed.GetValue(name), parsed.GetValue(job));
            var download = new ArtifactDownload(api, parsed.GetRequiredValue(build), Path.GetFullPath(parsed.GetRequiredValue(output)));
            await DownloadProgress.RunAsync(chosen, download, cancellation);
            return ExitCodes.Succeeded;
        });
        return command;
    }

    private static Task<IReadOnlyList<ArtifactSummary>> FindAsync(ApiClient api, BuildName build, CancellationToken cancellation) =>
        api.GetAsync(build.ApiPath + "/artifacts", CliJson.Default.IReadOnlyListArtifactSummary, cancellation);

    private static List<ArtifactSummary> Choose(IReadOnlyList<ArtifactSummary> all, BuildName build, string? name, string? job)
    {
        var chosen = all.Where(a => (name is null || a.Name == name) && (job is null || a.Job == job)).ToList();
        var have = string.Join(", ", all.Select(a => $"'{a.Name}' of {a.Job}"));
        if (chosen.Count == 0)
        {
            throw new UserError(all.Count == 0 ? $"{build} has no artifacts." : $"{build} has no such artifact. It has {have}.");
        }

        return chosen.DistinctBy(a => a.Name, StringComparer.Ordinal).Count() == chosen.Count
            ? chosen
            : throw new UserError($"Several jobs kept artifacts of one name ({have}): choose with --job.", ExitCodes.Invalid);
    }
}
