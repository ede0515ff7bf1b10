using System.CommandLine;
using System.CommandLine.Help;
using PRTS.Cli.Agents;
using PRTS.Cli.Artifacts;
using PRTS.Cli.Audit;
using PRTS.Cli.Builds;
using PRTS.Cli.Environments;
using PRTS.Cli.Lint;
using PRTS.Cli.Local;
using PRTS.Cli.Projects;
using PRTS.Cli.Secrets;
using PRTS.Cli.Shell;
using PRTS.Cli.Up;
using PRTS.Cli.Variables;
using PRTS.Execution.Images;

namespace PRTS.Cli;

/// <summary>The whole command line, and the boundary at which errors become a sentence and an exit code.</summary>
internal static class CommandLine
{
    public static RootCommand CreateRoot() => new("PRTS: your pipelines on your own machines.")
    {
        UpCommand.Create(),
        DownCommand.Create(),
        StatusCommand.Create(),
        CaCommand.Create(),
        ProjectCommands.Create(),
        BuildCommands.Create(),
        EnvironmentCommands.Create(),
        VariableCommands.Create(),
        SecretCommands.Create(),
        VaultCommands.Create(),
        KeyCommands.Create(),
        ArtifactCommands.Create(),
        AgentCommands.Create(),
        AuditCommands.Create(),
        RunCommand.Create(),
        PlanCommand.Create(),
        LintCommand.Create(),
        CompletionCommand.Create(),
    };

    public static async Task<int> RunAsync(string[] args)
    {
        if (args is [ImageBuild.Verb, var order])
        {
            return await ImageBuild.Run(order);
        }

        try
        {
            var result = CreateRoot().Parse(args);
            if (result.Errors.Count > 0 && !IsHelp(result))
            {
                return ReportInvalidUse(result);
            }

            // Signals: API commands simply die of them, `up` handles them itself.
            var configuration = new InvocationConfiguration { EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = null };
            return await result.InvokeAsync(configuration);
        }
        catch (UserError error)
        {
            await Console.Error.WriteLineAsync($"prts: {error.Message}");
            return error.ExitCode;
        }
        catch (IOException error) when (error.Message.Contains("Broken pipe", StringComparison.Ordinal))
        {
            // The reader of our output has gone (`prts build list | head`).
            return ExitCodes.Succeeded;
        }
    }

    private static bool IsHelp(ParseResult result) => result.Action is HelpAction;

    private static int ReportInvalidUse(ParseResult result)
    {
        var command = result.CommandResult.Command;
        if (command.Subcommands.Count > 0 && result.UnmatchedTokens.Count == 0)
        {
            // A noun without its verb: what it can do answers better than an error.
            result.CommandResult.Command.Parse(["--help"]).Invoke(new InvocationConfiguration { Output = Console.Error });
            return ExitCodes.Invalid;
        }

        var name = command is RootCommand ? "prts" : $"prts {NameOf(result)}";
        foreach (var error in result.Errors)
        {
            Console.Error.WriteLine($"prts: {error.Message}");
        }

        Console.Error.WriteLine($"See: {name} --help");
        return ExitCodes.Invalid;
    }

    private static string NameOf(ParseResult result)
    {
        var names = new Stack<string>();
        for (var at = result.CommandResult; at is not null && at.Command is not RootCommand; at = at.Parent as System.CommandLine.Parsing.CommandResult)
        {
            names.Push(at.Command.Name);
        }

        return string.Join(' ', names);
    }
}
