using System.CommandLine;
using System.Text.Json;
using System.Text.Json.Nodes;
using PRTS.Api.Secrets;
using PRTS.Cli.Connection;
using PRTS.Cli.Terminal;

namespace PRTS.Cli.Secrets;

/// <summary>Secrets of a project, an organization or the whole tenant. A value comes from standard input or a file: arguments are seen by everybody on the machine.</summary>
internal static class SecretCommands
{
    private const string WholeTenant = ".";

    public static Command Create() => new("secret", "Secrets that jobs may have; values go in and never come out") { List(), Set(), Remove() };

    private static Command List()
    {
        var (place, environment, json) = (Place(), Environment(), Options.Json());
        var command = new Command("list", "List secrets, without their values") { place, environment, json };
        command.SetAction(async (parsed, cancellation) =>
        {
            using var api = ApiClient.Connect();
            var secrets = await api.GetAsync(Path(parsed.GetRequiredValue(place), parsed.GetValue(environment)), CliJson.Default.IReadOnlyListSecretSummary, cancellation);
            if (parsed.GetValue(json))
            {
                CliJson.Print(secrets);
                return ExitCodes.Succeeded;
            }

            var table = new Table("NAME", "FROM", "BRANCHES", "ENVIRONMENTS", "BY", "CHANGED", "DESCRIPTION");
            foreach (var secret in secrets)
            {
                table.Add(
                    secret.Name, secret.Vault is { } vault ? $"vault {vault.Connection}" : "here", Words(secret.Limits.Branches), Words(secret.Limits.Environments),
                    secret.UpdatedBy, Say.Ago(secret.UpdatedAt), secret.Description.ReplaceLineEndings(" "));
            }

            table.Print(Console.Out);
            return ExitCodes.Succeeded;
        });
        return command;
    }

    private static Command Set()
    {
        var (place, environment, name) = (Place(), Environment(), Name());
        var file = new Option<FileInfo?>("--file") { Description = "The value is what is in this file, byte for byte; else it is read from standard input, without the line end after it", HelpName = "path" };
        var description = new Option<string?>("--description") { Description = "What it is for", HelpName = "text" };
        var branches = new Option<string[]>("--branch") { Description = "Only for builds of branches like this; may be given several times", HelpName = "pattern" };
        var environments = new Option<string[]>("--for-environment") { Description = "Only for jobs that deploy there; may be given several times", HelpName = "name" };
        var command = new Command("set", "Set a secret; what is not given of the rest stays as it is") { place, name, environment, file, description, branches, environments };
        command.SetAction(async (parsed, cancellation) =>
        {
            var path = Path(parsed.GetRequiredValue(place), parsed.GetValue(environment));
            var text = parsed.GetValue(file) is { } from ? await File.ReadAllTextAsync(from.FullName, cancellation) : (await Console.In.ReadToEndAsync(cancellation)).TrimEnd('\n', '\r');
            if (text.Length == 0)
            {
                throw new UserError("There is no value: give it on standard input (prts secret set org/project NAME < file) or with --file.", ExitCodes.Invalid);
            }

            using var api = ApiClient.Connect();
            var former = (await api.GetAsync(path, CliJson.Default.IReadOnlyListSecretSummary, cancellation)).FirstOrDefault(secret => secret.Name == parsed.GetRequiredValue(name));
            var (onBranches, onEnvironments) = (parsed.GetValue(branches) ?? [], parsed.GetValue(environments) ?? []);
            var limits = former?.Limits ?? new();
            if (onBranches.Length > 0) limits = limits with { Branches = onBranches };
            if (onEnvironments.Length > 0) limits = limits with { Environments = onEnvironments };
            // Written by hand: a secret's value never gets into JSON by itself.
            var body = new JsonObject
            {
                ["value"] = text,
                ["description"] = parsed.GetValue(description) ?? former?.Description ?? "",
                ["limits"] = JsonSerializer.SerializeToNode(limits, CliJson.Default.SecretLimits),
            };
            var set = await api.PutAsync($"{path}/{Uri.EscapeDataString(parsed.GetRequiredValue(name))}", body, CliJson.Default.JsonObject, CliJson.Default.SecretSummary, cancellation);
            Console.Out.WriteLine($"{set.Name} is set (version {set.Version})");
            return ExitCodes.Succeeded;
        });
        return command;
    }

    private static Command Remove()
    {
        var (place, environment, name) = (Place(), Environment(), Name());
        var command = new Command("remove", "Remove a secret") { place, name, environment };
        command.SetAction(async (parsed, cancellation) =>
        {
            using var api = ApiClient.Connect();
            await api.DeleteAsync($"{Path(parsed.GetRequiredValue(place), parsed.GetValue(environment))}/{Uri.EscapeDataString(parsed.GetRequiredValue(name))}", cancellation);
            Console.Out.WriteLine($"{parsed.GetRequiredValue(name)} is removed");
            return ExitCodes.Succeeded;
        });
        return command;
    }

    private static Argument<string> Place() => new("place") { Description = $"org/project, org, or {WholeTenant} for the whole tenant" };

    private static Argument<string> Name() => new("name") { Description = "As jobs call it, for example NPM_TOKEN" };

    private static Option<string?> Environment() => new("--environment") { Description = "A secret of this environment of the project", HelpName = "name" };

    private static string Path(string place, string? environment)
    {
        var parts = place == WholeTenant ? [] : place.Trim('/').Split('/');
        if (parts.Length > 2 || parts.Any(part => part.Length == 0) || (environment is not null && parts.Length != 2))
        {
            throw new UserError(environment is null ? $"'{place}' is no place: write org/project, org, or {WholeTenant} for the whole tenant." : "An environment belongs to a project: write org/project.", ExitCodes.Invalid);
        }

        var owner = parts switch
        {
            [var org, var project] => $"projects/{Uri.EscapeDataString(org)}/{Uri.EscapeDataString(project)}/",
            [var org] => $"organizations/{Uri.EscapeDataString(org)}/",
            _ => "",
        };
        return $"api/v1/{owner}{(environment is null ? "" : $"environments/{Uri.EscapeDataString(environment)}/")}secrets";
    }

    private static string Words(IReadOnlyList<string> words) => words.Count == 0 ? "-" : string.Join(' ', words);
}
