using System.CommandLine;
using PRTS.Api.Environments;
using PRTS.Cli.Builds;
using PRTS.Cli.Connection;

namespace PRTS.Cli.Environments;

/// <summary><c>prts build approve</c> and <c>reject</c>.</summary>
internal static class DecisionCommands
{
    public static Command Approve() => Decide("approve", "Approve a deployment that waits", "approved");

    public static Command Reject() => Decide("reject", "Reject a deployment that waits; its job fails", "rejected");

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
            var shown = await api.GetAsync(name.ApiPath, CliJson.Default.BuildSummary, cancellation);
            var jobs = (shown.Stages ?? []).SelectMany(stage => stage.Jobs).ToList();
            var key = parsed.GetValue(job) is { } given
                ? jobs.Find(one => one.Key == given || one.Name == given)?.Key ?? throw new UserError($"{shown.Id} has no job '{given}'; there are {string.Join(", ", jobs.Select(one => one.Key))}.", ExitCodes.Invalid)
                : jobs.Where(one => one.Approval is { Required: > 0 }).Select(one => one.Key).ToList() switch
                {
                    [var only] => only,
                    [] => throw new UserError($"No job of {shown.Id} waits for an approval."),
                    var several => throw new UserError($"Several jobs wait for an approval: name one with --job: {string.Join(", ", several)}.", ExitCodes.Invalid),
                };
            var decision = new DeploymentDecision { Comment = parsed.GetValue(comment) ?? "" };
            var decided = await api.PostAsync($"{name.ApiPath}/jobs/{key}/{verb}", decision, CliJson.Default.DeploymentDecision, CliJson.Default.JobSummary, cancellation);
            if (parsed.GetValue(json))
            {
                CliJson.Print(decided);
            }
            else
            {
                Console.Out.WriteLine($"{done} {key} of {shown.Id}");
            }

            return ExitCodes.Succeeded;
        });
        return command;
    }
}
