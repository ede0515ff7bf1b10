using System.CommandLine;
using PRTS.Api.Projects;
using PRTS.Cli.Connection;
using PRTS.Cli.Projects;
using PRTS.Cli.Terminal;
using PRTS.Pipelines.Planning;

namespace PRTS.Cli.Variables;

internal static class VariableCommands
{
    public static Command Create() => new("variable", "Variables that a project, an organization or the tenant gives to jobs") { List(), Set(), Remove() };

    private static Command List()
    {
        var (place, json) = (PlaceName.Argument(), Options.Json());
        var inherited = new Option<bool>("--inherited") { Description = "Also those of what is around the place, the widest first" };
        var command = new Command("list", "List variables") { place, inherited, json };
        command.SetAction(async (parsed, cancellation) =>
        {
            using var api = ApiClient.Connect();
            var variables = await api.GetAsync(Path(parsed.GetRequiredValue(place)) + (parsed.GetValue(inherited) ? "?inherited=true" : ""), CliJson.Default.IReadOnlyListProjectVariable, cancellation);
            if (parsed.GetValue(json))
            {
                CliJson.Print(variables);
                return ExitCodes.Succeeded;
            }

            var table = new Table("NAME", "VALUE", "OF", "ENVIRONMENT", "BRANCH", "BY", "CHANGED");
            foreach (var variable in variables)
            {
                table.Add(variable.Name, variable.Value.ReplaceLineEndings(" "), Owner(variable), variable.Environment ?? "-", variable.Branch ?? "-", variable.UpdatedBy, Say.Ago(variable.UpdatedAt));
            }

            table.Print(Console.Out);
            return ExitCodes.Succeeded;
        });
        return command;
    }

    private static Command Set()
    {
        var (place, environment, branch) = (PlaceName.Argument(), Environment(), Branch());
        var assignment = new Argument<string>("name=value") { Description = "For example REGION=eu-1. It is no secret" };
        var command = new Command("set", "Set a variable for builds made from now on") { place, assignment, environment, branch };
        command.SetAction(async (parsed, cancellation) =>
        {
            var text = parsed.GetRequiredValue(assignment);
            if (text.IndexOf('=', StringComparison.Ordinal) is not (> 0 and var cut))
            {
                throw new UserError($"'{text}' is no name=value, such as REGION=eu-1.", ExitCodes.Invalid);
            }

            using var api = ApiClient.Connect();
            var value = new SetVariable { Value = text[(cut + 1)..], Environment = parsed.GetValue(environment), Branch = parsed.GetValue(branch) };
            var set = await api.PutAsync($"{Path(parsed.GetRequiredValue(place))}/{Uri.EscapeDataString(text[..cut])}", value, CliJson.Default.SetVariable, CliJson.Default.ProjectVariable, cancellation);
            Console.Out.WriteLine($"{set.Name} is set{For(set.Environment, set.Branch)}");
            return ExitCodes.Succeeded;
        });
        return command;
    }

    private static Command Remove()
    {
        var (place, environment, branch) = (PlaceName.Argument(), Environment(), Branch());
        var name = new Argument<string>("name");
        var command = new Command("remove", "Remove a variable") { place, name, environment, branch };
        command.SetAction(async (parsed, cancellation) =>
        {
            using var api = ApiClient.Connect();
            var (ofEnvironment, ofBranch) = (parsed.GetValue(environment), parsed.GetValue(branch));
            var query = string.Join('&', new[] { ("environment", ofEnvironment), ("branch", ofBranch) }.Where(part => part.Item2 is not null).Select(part => $"{part.Item1}={Uri.EscapeDataString(part.Item2!)}"));
            await api.DeleteAsync($"{Path(parsed.GetRequiredValue(place))}/{Uri.EscapeDataString(parsed.GetRequiredValue(name))}{(query.Length > 0 ? "?" + query : "")}", cancellation);
            Console.Out.WriteLine($"{parsed.GetRequiredValue(name)} is removed{For(ofEnvironment, ofBranch)}");
            return ExitCodes.Succeeded;
        });
        return command;
    }

    private static Option<string?> Environment() => new("--environment") { Description = "Only for jobs that deploy there", HelpName = "name" };

    private static Option<string?> Branch() => new("--branch") { Description = "Only for builds of branches like this", HelpName = "pattern" };

    private static string Path(string place) => PlaceName.ApiPath(place, null, "variables");

    private static string Owner(ProjectVariable variable) => variable.Project is not null ? $"{variable.Org}/{variable.Project}" : variable.Org ?? ".";

    private static string For(string? environment, string? branch) =>
        (environment is null ? "" : $" for the environment {environment}") + (branch is null ? "" : $" for branches like {branch}");
}
