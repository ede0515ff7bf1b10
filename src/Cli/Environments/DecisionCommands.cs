using System.CommandLine;
using PRTS.Api.Builds;
using PRTS.Api.Environments;
using PRTS.Cli.Builds;
using PRTS.Cli.Connection;

namespace PRTS.Cli.Environments;

/// <summary><c>prts build approve</c>, <c>reject</c> and <c>answer</c>.</summary>
internal static class DecisionCommands
{
    public static Command Approve() => Decide("approve", "Approve a deployment that waits", "approved");

    public static Command Reject() => Decide("reject", "Reject a deployment that waits; its job fails", "rejected");

    public static Command Answer()
    {
        var (build, json) = (BuildName.Argument(), Options.Json());
        var job = new Option<string?>("--job") { Description = "The job (the only one that asks)", HelpName = "name" };
        var ran = new Option<bool>("--ran") { Description = "The step did its work: go on without it" };
        var again = new Option<bool>("--run") { Description = "It did not: run it" };
        var command = new Command("answer", "Say whether a step that runs once has run, where a job asks") { build, job, ran, again, json };
        command.SetAction(async (parsed, cancellation) =>
        {
            if (parsed.GetValue(ran) == parsed.GetValue(again)) throw new UserError("Say one of --ran and --run.", ExitCodes.Invalid);
            using var api = ApiClient.Connect();
            var name = parsed.GetRequiredValue(build);
            var (shown, asking) = await Waiting(api, name, parsed.GetValue(job), one => one.Question is not null, "an answer", cancellation);
            var answer = new OnceAnswer { Step = asking.Question?.Step ?? throw new UserError($"{asking.Key} of {shown.Id} asks nothing."), Ran = parsed.GetValue(ran) };
            var decided = await api.PostAsync($"{name.ApiPath}/jobs/{asking.Key}/answer", answer, CliJson.Default.OnceAnswer, CliJson.Default.JobSummary, cancellation);
            if (parsed.GetValue(json)) CliJson.Print(decided);
            else Console.Out.WriteLine($"{asking.Key} of {shown.Id} goes on {(answer.Ran ? "without" : "with")} step '{asking.Question.Name}'");
            return ExitCodes.Succeeded;
        });
        return command;
    }

    private static Command Decide(string verb, string description, string done)
    {
        var (build, json) = (BuildName.Argument(), Options.Json());
        var job = new Option<string?>("--job") { Description = "The job (the only one that waits for an approval)", HelpName = "name" };
        var comment = new Option<string?>("--comment") { Description = "Why", HelpName = "text" };
        var command = new Command(verb, description) { build, job, comment, json };
        command.SetAction(async (parsed, cancellation) =>
        {
            using var api = ApiClient.Connect();
            var name = parsed.GetRequiredValue(build);
            var (shown, waiting) = await Waiting(api, name, parsed.GetValue(job), one => one.Approval is { Required: > 0 }, "an approval", cancellation);
            var decision = new DeploymentDecision { Comment = parsed.GetValue(comment) ?? "" };
            var decided = await api.PostAsync($"{name.ApiPath}/jobs/{waiting.Key}/{verb}", decision, CliJson.Default.DeploymentDecision, CliJson.Default.JobSummary, cancellation);
            if (parsed.GetValue(json))
            {
                CliJson.Print(decided);
            }
            else
            {
                Console.Out.WriteLine($"{done} {waiting.Key} of {shown.Id}");
            }

            return ExitCodes.Succeeded;
        });
        return command;
    }

    /// <summary>The job that is named, or the only one that waits for something.</summary>
    public static async Task<(BuildSummary Build, JobSummary Job)> Waiting(
        ApiClient api, BuildName name, string? given, Func<JobSummary, bool> waits, string what, CancellationToken cancellation)
    {
        var build = await api.GetAsync(name.ApiPath, CliJson.Default.BuildSummary, cancellation);
        var jobs = (build.Stages ?? []).SelectMany(stage => stage.Jobs).ToList();
        if (given is not null)
            return (build, jobs.Find(one => one.Key == given || one.Name == given) ?? throw new UserError($"{build.Id} has no job '{given}'; there are {string.Join(", ", jobs.Select(one => one.Key))}.", ExitCodes.Invalid));
        return jobs.Where(waits).ToList() switch
        {
            [var only] => (build, only),
            [] => throw new UserError($"No job of {build.Id} waits for {what}."),
            var several => throw new UserError($"Several jobs wait for {what}: name one with --job: {string.Join(", ", several.Select(one => one.Key))}.", ExitCodes.Invalid),
        };
    }
}
