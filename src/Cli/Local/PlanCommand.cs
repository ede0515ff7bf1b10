using System.CommandLine;
using System.Text;
using PRTS.Api;
using PRTS.Cli.Builds;
using PRTS.Cli.Connection;
using PRTS.Pipelines.Planning;

namespace PRTS.Cli.Local;

/// <summary><c>prts plan</c>: the jobs that a pipeline means, without running them.</summary>
internal static class PlanCommand
{
    public static Command Create()
    {
        var file = new Argument<string?>("file") { Description = "Pipeline file (.prts/pipeline.yaml)", Arity = ArgumentArity.ZeroOrOne };
        var trigger = RunCommand.EventOption();
        var inputs = InputOption.Create();
        var build = new Option<BuildName?>("--build") { Description = "Not of this directory: the plan that a build on the server has", HelpName = "org/project#n", CustomParser = result => BuildName.Parse(result) };
        var json = Options.Json();
        var command = new Command("plan", "Print the jobs that the pipeline of this directory means, without running them") { file, trigger, inputs, build, json };
        command.SetAction(async (parsed, cancellation) =>
        {
            if (parsed.GetValue(build) is { } name)
            {
                using var api = ApiClient.Connect();
                using var response = await api.SendAsync(new(HttpMethod.Get, api.Absolute(name.ApiPath + "/plan")), HttpCompletionOption.ResponseContentRead, cancellation);
                return Print(await response.Content.ReadAsByteArrayAsync(cancellation), parsed.GetValue(json));
            }

            var tree = await LocalTree.FindAsync();
            var happened = tree.Event(parsed.GetRequiredValue(trigger)) with { Inputs = InputOption.Read(parsed.GetValue(inputs)) };
            return await LocalPlan.OfAsync(parsed.GetValue(file), happened) is { } plan ? Print(PlanJson.Write(plan), parsed.GetValue(json)) : ExitCodes.Invalid;
        });
        return command;
    }

    private static int Print(byte[] plan, bool asJson)
    {
        if (asJson)
        {
            using var output = Console.OpenStandardOutput();
            output.Write(plan);
            output.Write("\n"u8);
        }
        else
        {
            Console.Out.Write(Text(PlanJson.Read(plan)));
        }

        return ExitCodes.Succeeded;
    }

    private static string Text(BuildPlan plan)
    {
        var text = new StringBuilder().Append(plan.Name).Append(" (").Append(plan.File).Append(")\n");
        foreach (var stage in plan.Stages)
        {
            text.Append('\n').Append(stage.Name).Append(stage.Needs.Count > 0 ? $"  after {string.Join(", ", stage.Needs)}" : "").Append('\n');
            foreach (var job in plan.Jobs.Where(job => job.Stage == stage.Name))
            {
                Append(text, job);
            }
        }

        return text.ToString();
    }

    private static void Append(StringBuilder text, PlannedJob job)
    {
        string?[] facts =
        [
            job.Needs.Count > 0 ? $"needs {string.Join(", ", job.Needs)}" : null,
            job.If is { } condition ? $"if {condition}" : null,
            job.RunsOn.Count > 0 ? $"on {string.Join(", ", job.RunsOn)}" : null,
            job.Container is { } container ? $"in {container.Image}" : null,
            job.ServiceContainers.Count > 0 ? $"with {string.Join(", ", job.ServiceContainers.Select(service => service.Image))}" : null,
            job.Environment is { } environment ? $"deploys to {environment}" : null,
            job.Concurrency is { } concurrency ? $"alone in {concurrency.Group}" : null,
            job.Retry is { Count: > 0 } retry ? $"tried {retry.Count + 1} times at most" : null,
            job.AllowFailure ? "may fail" : null,
        ];
        text.Append("  ").Append(job.Name).Append("  (").Append(job.Key).Append(")\n");
        if (job.SkipReason is { } skip)
        {
            text.Append("    skipped: ").Append(skip).Append('\n');
            return;
        }

        foreach (var fact in facts.OfType<string>())
        {
            text.Append("    ").Append(fact).Append('\n');
        }

        foreach (var step in job.Steps)
        {
            text.Append("    ").Append(step.Index + 1).Append(". ").Append(step.Name).Append('\n');
        }
    }
}
