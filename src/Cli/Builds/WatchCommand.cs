using System.CommandLine;
using System.Text.Json;
using PRTS.Api;
using PRTS.Api.Builds;
using PRTS.Cli.Connection;

namespace PRTS.Cli.Builds;

internal static class WatchCommand
{
    public static Command Create()
    {
        var build = BuildName.Argument();
        var json = new Option<bool>("--json") { Description = "Print the build as one line of JSON after each change" };
        var command = new Command("watch", "Follow a build and exit with its result") { build, json };
        command.SetAction(async (parsed, cancellation) =>
        {
            using var api = ApiClient.Connect();
            var follower = new BuildFollower(api, parsed.GetRequiredValue(build), line => Console.Error.WriteLine($"prts: {line}"));
            var builds = follower.FollowAsync(cancellation);
            var last = parsed.GetValue(json) ? await PrintJsonAsync(builds)
                : Console.IsOutputRedirected ? await PrintLinesAsync(builds)
                : await BuildTree.ShowAsync(builds, cancellation);
            return last is null ? ExitCodes.Failed : BuildCommands.ExitCodeOf(last.Status);
        });
        return command;
    }

    private static async Task<BuildSummary?> PrintJsonAsync(IAsyncEnumerable<BuildSummary> builds)
    {
        BuildSummary? last = null;
        await foreach (var build in builds)
        {
            last = build;
            await Console.Out.WriteLineAsync(JsonSerializer.Serialize(build, CliJson.Default.BuildSummary));
        }

        return last;
    }

    private static async Task<BuildSummary?> PrintLinesAsync(IAsyncEnumerable<BuildSummary> builds)
    {
        BuildSummary? last = null;
        await foreach (var build in builds)
        {
            foreach (var line in BuildChanges.Between(last, build))
            {
                await Console.Out.WriteLineAsync(line);
            }

            last = build;
        }

        foreach (var diagnostic in last?.Diagnostics ?? [])
        {
            await Console.Error.WriteLineAsync(diagnostic.ToString());
        }

        return last;
    }
}
