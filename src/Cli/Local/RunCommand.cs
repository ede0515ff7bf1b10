using System.CommandLine;
using System.Runtime.InteropServices;
using Microsoft.Extensions.Logging.Abstractions;
using PRTS.Api;
using PRTS.Cli.Builds;
using PRTS.Cli.Terminal;
using PRTS.Execution;
using PRTS.Execution.Containers;
using PRTS.Execution.Jobs;
using PRTS.Pipelines.Planning;

namespace PRTS.Cli.Local;

/// <summary><c>prts run</c>: the pipeline of this directory, here, without a server.</summary>
internal static class RunCommand
{
    private const string Prefix = "prts-run-";

    public static Command Create()
    {
        var file = new Argument<string?>("file") { Description = "Pipeline file (.prts/pipeline.yaml)", Arity = ArgumentArity.ZeroOrOne };
        var trigger = EventOption();
        var inputs = InputOption.Create();
        var artifacts = new Option<string?>("--artifacts") { Description = "Where to keep what jobs keep", HelpName = "directory" };
        var command = new Command("run", "Run the pipeline of this directory here, without a server: on a copy of the working tree as it is") { file, trigger, inputs, artifacts };
        command.SetAction(async parsed =>
        {
            var tree = await LocalTree.FindAsync();
            var happened = tree.Event(parsed.GetRequiredValue(trigger)) with { Inputs = InputOption.Read(parsed.GetValue(inputs)) };
            return await LocalPlan.OfAsync(parsed.GetValue(file), happened) is not { } plan ? ExitCodes.Invalid : await RunAsync(plan, tree, happened, parsed.GetValue(artifacts) is { } given ? Path.GetFullPath(given) : null);
        });
        return command;
    }

    public static Option<string> EventOption()
    {
        var option = new Option<string>("--event") { Description = "The event that the pipeline sees (manual)", HelpName = "event", DefaultValueFactory = _ => "manual" };
        option.AcceptOnlyFromAmong("manual", "push", "schedule", "pull_request");
        return option;
    }

    private static async Task<int> RunAsync(BuildPlan plan, LocalTree tree, TriggerEvent happened, string? artifacts)
    {
        // What an earlier run left that was killed.
        AbandonedRuns.Clear(Path.GetTempPath(), Prefix);
        var scratch = Directory.CreateTempSubdirectory(Prefix);
        AbandonedRuns.Mark(scratch.FullName);
        // The jobs' users pass through when we are root.
        File.SetUnixFileMode(scratch.FullName, scratch.UnixFileMode | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute);
        using var cancel = new CancellationTokenSource();
        using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);
        using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);
        try
        {
            var options = new ExecutionOptions
            {
                JobsDirectory = Path.Combine(scratch.FullName, "jobs"),
                WorkDirectory = Path.Combine(scratch.FullName, "work"),
                MirrorsDirectory = Path.Combine(scratch.FullName, "mirrors"),
                SupervisorPath = Environment.GetEnvironmentVariable("PRTS_SUPERVISOR") ?? Installation.Supervisor,
                AgentName = "local",
                WorkingTree = tree.Root,
                Engine = Engine(),
                EndsWithProcess = true,
            };
            if (options.Validate() is { Count: > 0 } problems)
            {
                throw new UserError(string.Join('\n', problems));
            }

            var sink = new LocalSink(several: plan.Jobs.Count > 1 || plan.Jobs.Any(job => job.Steps.Any(step => step.Generate is not null)), artifacts ?? Path.Combine(scratch.FullName, "artifacts"), told: artifacts is not null, new(tree.Root));
            await using var runner = new JobRunner(options, sink, TimeProvider.System, NullLogger<JobRunner>.Instance);
            // And in the engine.
            runner.EmptyTrash();
            var facts = new BuildFacts { Org = "local", Project = tree.Name, Number = 1, Event = happened, Actor = Environment.UserName, Jobs = plan.Jobs, Inputs = plan.Inputs };
            var started = TimeProvider.System.GetTimestamp();
            var status = await new LocalBuild(plan, facts, runner, sink, happened.Branch ?? "main").RunAsync(cancel.Token);
            await Console.Error.WriteLineAsync($"prts: {plan.Name} {Say.Status(status)} in {Say.Duration(TimeProvider.System.GetElapsedTime(started))}");
            return BuildCommands.ExitCodeOf(status);
        }
        finally
        {
            scratch.Delete(recursive: true);
        }

        static ContainerEngine? Engine()
        {
            try
            {
                return ContainerEngine.Find(Environment.GetEnvironmentVariable("PRTS_CONTAINERS") is { Length: > 0 } setting ? setting : null);
            }
            catch (FormatException wrong)
            {
                throw new UserError($"PRTS_CONTAINERS: {wrong.Message}", ExitCodes.Invalid);
            }
        }

        void Stop(PosixSignalContext signal)
        {
            signal.Cancel = true;
            cancel.Cancel();
        }
    }
}
