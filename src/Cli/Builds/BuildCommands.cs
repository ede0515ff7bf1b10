using System.CommandLine;
using PRTS.Api;
using PRTS.Api.Builds;
using PRTS.Cli.Connection;
using PRTS.Cli.Environments;
using PRTS.Cli.Projects;
using PRTS.Cli.Terminal;

namespace PRTS.Cli.Builds;

internal static class BuildCommands
{
    public static Command Create() => new("build", "Builds: runs of a project's pipelines")
    {
        Start(), List(), Show(), WatchCommand.Create(), LogCommand.Create(), Cancel(), Retry(), Rerun(), DecisionCommands.Approve(), DecisionCommands.Reject(), DecisionCommands.Answer(),
    };

    /// <summary>What `build watch` exits with, as scripts rely on.</summary>
    public static int ExitCodeOf(RunStatus status) => status switch
    {
        RunStatus.Succeeded or RunStatus.Skipped => ExitCodes.Succeeded,
        RunStatus.Invalid => ExitCodes.Invalid,
        RunStatus.Canceled => ExitCodes.Canceled,
        _ => ExitCodes.Failed,
    };

    private static Command Start()
    {
        var project = ProjectName.Argument();
        var reference = new Option<string?>("--ref") { Description = "A branch or tag (the default branch)", HelpName = "name" };
        var commit = new Option<string?>("--commit") { Description = "A commit (the newest of the branch)", HelpName = "hash" };
        var file = new Option<string?>("--file") { Description = "One pipeline file (all of the commit)", HelpName = "path" };
        var inputs = InputOption.Create();
        var json = Options.Json();
        var command = new Command("start", "Start the pipelines of a branch, tag or commit") { project, reference, commit, file, inputs, json };
        command.SetAction(async (parsed, cancellation) =>
        {
            using var api = ApiClient.Connect();
            var body = new StartBuild
            {
                Ref = parsed.GetValue(reference),
                Commit = parsed.GetValue(commit),
                File = parsed.GetValue(file),
                Inputs = InputOption.Read(parsed.GetValue(inputs)),
            };
            var path = parsed.GetRequiredValue(project).ApiPath + "/builds";
            Announce(await api.PostAsync(path, body, CliJson.Default.StartBuild, CliJson.Default.IReadOnlyListBuildSummary, cancellation), parsed.GetValue(json));
            return ExitCodes.Succeeded;
        });
        return command;
    }

    private static Command Retry()
    {
        var (build, json) = (BuildName.Argument(), Options.Json());
        var command = new Command("retry", "Start a new build of the same commit and pipeline") { build, json };
        command.SetAction(async (parsed, cancellation) =>
        {
            using var api = ApiClient.Connect();
            var path = parsed.GetRequiredValue(build).ApiPath + "/retry";
            Announce(await api.PostAsync(path, CliJson.Default.IReadOnlyListBuildSummary, cancellation), parsed.GetValue(json));
            return ExitCodes.Succeeded;
        });
        return command;
    }

    private static Command Rerun()
    {
        var (build, json) = (BuildName.Argument(), Options.Json());
        var jobs = new Option<string[]>("--job") { Description = "Key of a job, as 'build show' has it; without, those that failed or were canceled", HelpName = "job" };
        var resume = new Option<bool>("--from-failed-step") { Description = "Go on at the step that failed, with the workspace as it was" };
        var command = new Command("rerun", "Run jobs of a build that has ended again, and those that need them") { build, jobs, resume, json };
        command.SetAction(async (parsed, cancellation) =>
        {
            using var api = ApiClient.Connect();
            var path = parsed.GetRequiredValue(build).ApiPath + "/rerun";
            var again = await api.PostAsync(path, new RerunJobs { Jobs = parsed.GetValue(jobs), FromFailedStep = parsed.GetValue(resume) }, CliJson.Default.RerunJobs, CliJson.Default.BuildSummary, cancellation);
            Announce([again], parsed.GetValue(json));
            return ExitCodes.Succeeded;
        });
        return command;
    }

    private static Command Cancel()
    {
        var (build, json) = (BuildName.Argument(), Options.Json());
        var command = new Command("cancel", "Cancel a build") { build, json };
        command.SetAction(async (parsed, cancellation) =>
        {
            using var api = ApiClient.Connect();
            var canceled = await api.PostAsync(parsed.GetRequiredValue(build).ApiPath + "/cancel", CliJson.Default.BuildSummary, cancellation);
            if (parsed.GetValue(json))
            {
                CliJson.Print(canceled);
            }
            else
            {
                Console.Out.WriteLine(canceled.Status.IsEnded() ? $"{canceled.Id} is {Say.Status(canceled.Status)}" : $"{canceled.Id} is being canceled");
            }

            return ExitCodes.Succeeded;
        });
        return command;
    }

    private static Command List()
    {
        var project = ProjectName.Argument();
        project.Arity = ArgumentArity.ZeroOrOne;
        var status = new Option<RunStatus?>("--status") { Description = "Only builds in this state", HelpName = "state" };
        var branch = new Option<string?>("--branch") { Description = "Only builds of this branch or tag", HelpName = "name" };
        var (limit, json) = (Options.Limit(), Options.Json());
        var command = new Command("list", "List builds, the newest first") { project, status, branch, limit, json };
        command.SetAction(async (parsed, cancellation) =>
        {
            using var api = ApiClient.Connect();
            var path = (parsed.GetValue(project)?.ApiPath ?? "api/v1") + "/builds?"
                + (parsed.GetValue(status) is { } only ? $"status={Say.Status(only)}&" : "")
                + (parsed.GetValue(branch) is { } name ? $"branch={Uri.EscapeDataString(name)}&" : "");
            var builds = await api.ListAsync(path.TrimEnd('?', '&'), CliJson.Default.PageBuildSummary, parsed.GetValue(limit), cancellation);
            if (parsed.GetValue(json))
            {
                CliJson.Print(builds);
                return ExitCodes.Succeeded;
            }

            var table = new Table("BUILD", "STATUS", "PIPELINE", "REF", "COMMIT", "TOOK", "STARTED", "MESSAGE");
            foreach (var build in builds)
            {
                table.Add(
                    build.Id, Say.Status(build.Status), build.Name, Say.Ref(build.Ref), Say.Commit(build.Commit),
                    Say.Took(build.StartedAt, build.FinishedAt), Say.Ago(build.CreatedAt), Say.Short(build.Message, 60));
            }

            table.Print(Console.Out);
            return ExitCodes.Succeeded;
        });
        return command;
    }

    private static Command Show()
    {
        var (build, json) = (BuildName.Argument(), Options.Json());
        var command = new Command("show", "Show a build with its stages, jobs and steps") { build, json };
        command.SetAction(async (parsed, cancellation) =>
        {
            using var api = ApiClient.Connect();
            var shown = await api.GetAsync(parsed.GetRequiredValue(build).ApiPath, CliJson.Default.BuildSummary, cancellation);
            if (parsed.GetValue(json))
            {
                CliJson.Print(shown);
            }
            else
            {
                BuildText.Print(shown, Console.Out);
            }

            return ExitCodes.Succeeded;
        });
        return command;
    }

    private static void Announce(IReadOnlyList<BuildSummary> builds, bool asJson)
    {
        if (asJson)
        {
            CliJson.Print(builds);
            return;
        }

        foreach (var build in builds)
        {
            Console.Out.WriteLine($"started {build.Id} ({build.Name})");
        }
    }
}
