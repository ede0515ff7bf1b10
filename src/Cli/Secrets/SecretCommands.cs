using System.CommandLine;
using System.Text.Json;
using System.Text.Json.Nodes;
using PRTS.Api.Secrets;
using PRTS.Cli.Connection;
using PRTS.Cli.Projects;
using PRTS.Cli.Terminal;

namespace PRTS.Cli.Secrets;

/// <summary>Secrets of a project, an organization or the whole tenant. A value comes from standard input or a file: arguments are seen by everybody on the machine.</summary>
internal static class SecretCommands
{
    public static Command Create() => new("secret", "Secrets that jobs may have; values go in and never come out") { List(), Set(), Remove() };

    private static Command List()
    {
        var (place, environment, json) = (PlaceName.Argument(), Environment(), Options.Json());
        var inherited = new Option<bool>("--inherited") { Description = "Also those of what is around the place; of a project, also its environments'" };
        var command = new Command("list", "List secrets, without their values") { place, environment, inherited, json };
        command.SetAction(async (parsed, cancellation) =>
        {
            using var api = ApiClient.Connect();
            var secrets = await api.GetAsync(Path(parsed.GetRequiredValue(place), parsed.GetValue(environment)) + (parsed.GetValue(inherited) ? "?inherited=true" : ""), CliJson.Default.IReadOnlyListSecretSummary, cancellation);
            if (parsed.GetValue(json))
            {
                CliJson.Print(secrets);
                return ExitCodes.Succeeded;
            }

            var table = new Table("NAME", "OF", "FROM", "BRANCHES", "ENVIRONMENTS", "BY", "CHANGED", "DESCRIPTION");
            foreach (var secret in secrets)
            {
                table.Add(
                    secret.Name, Owner(secret), secret.Vault is { } vault ? $"vault {vault.Connection}" : "here", Words(secret.Limits.Branches), Words(secret.Limits.Environments),
                    secret.UpdatedBy, Say.Ago(secret.UpdatedAt), secret.Description.ReplaceLineEndings(" "));
            }

            table.Print(Console.Out);
            return ExitCodes.Succeeded;
        });
        return command;
    }

    private static Command Set()
    {
        var (place, environment, name) = (PlaceName.Argument(), Environment(), Name());
        var file = new Option<FileInfo?>("--file") { Description = "The value is what is in this file, byte for byte; else it is read from standard input, without the line end after it", HelpName = "path" };
        var description = new Option<string?>("--description") { Description = "What it is for", HelpName = "text" };
        var branches = new Option<string[]>("--branch") { Description = "Only for builds of branches like this; may be given several times", HelpName = "pattern" };
        var environments = new Option<string[]>("--for-environment") { Description = "Only for jobs that deploy there; may be given several times", HelpName = "name" };
        var vault = new Option<string?>("--vault") { Description = "No value: it is read from this connection's Vault when a job needs it (prts vault list)", HelpName = "connection" };
        var at = new Option<string?>("--at") { Description = "With --vault: where the value is, for example secret/app#password", HelpName = "mount/path#field" };
        var keep = new Option<bool>("--keep") { Description = "The value stays as it is; only the rest changes" };
        var command = new Command("set", "Set a secret; what is not given of the rest stays as it is") { place, name, environment, file, vault, at, keep, description, branches, environments };
        command.SetAction(async (parsed, cancellation) =>
        {
            var path = Path(parsed.GetRequiredValue(place), parsed.GetValue(environment));
            var reference = Reference(parsed.GetValue(vault), parsed.GetValue(at));
            if ((parsed.GetValue(keep) ? 1 : 0) + (reference is null ? 0 : 1) + (parsed.GetValue(file) is null ? 0 : 1) > 1)
            {
                throw new UserError("Give one of --file, --vault and --keep.", ExitCodes.Invalid);
            }

            var text = reference is not null || parsed.GetValue(keep) ? null : await Value(parsed.GetValue(file), cancellation);
            using var api = ApiClient.Connect();
            var former = (await api.GetAsync(path, CliJson.Default.IReadOnlyListSecretSummary, cancellation)).FirstOrDefault(secret => secret.Name == parsed.GetRequiredValue(name));
            var (onBranches, onEnvironments) = (parsed.GetValue(branches) ?? [], parsed.GetValue(environments) ?? []);
            var limits = former?.Limits ?? new();
            if (onBranches.Length > 0) limits = limits with { Branches = onBranches };
            if (onEnvironments.Length > 0) limits = limits with { Environments = onEnvironments };
            // Written by hand: a secret's value never gets into JSON by itself.
            var body = new JsonObject
            {
                ["description"] = parsed.GetValue(description) ?? former?.Description ?? "",
                ["limits"] = JsonSerializer.SerializeToNode(limits, CliJson.Default.SecretLimits),
            };
            if (text is not null) body["value"] = text;
            if (reference is not null) body["vault"] = JsonSerializer.SerializeToNode(reference, CliJson.Default.VaultReference);
            var set = await api.PutAsync($"{path}/{Uri.EscapeDataString(parsed.GetRequiredValue(name))}", body, CliJson.Default.JsonObject, CliJson.Default.SecretSummary, cancellation);
            Console.Out.WriteLine($"{set.Name} is set (version {set.Version})");
            return ExitCodes.Succeeded;
        });
        return command;
    }

    private static async Task<string> Value(FileInfo? file, CancellationToken cancellation)
    {
        var text = file is not null ? await File.ReadAllTextAsync(file.FullName, cancellation) : (await Console.In.ReadToEndAsync(cancellation)).TrimEnd('\n', '\r');
        return text.Length > 0 ? text : throw new UserError("There is no value: give it on standard input (prts secret set org/project NAME < file) or with --file.", ExitCodes.Invalid);
    }

    /// <summary>The first part is the mount, the last the field.</summary>
    private static VaultReference? Reference(string? connection, string? at)
    {
        if (connection is null && at is null) return null;
        var cut = at?.LastIndexOf('#') ?? -1;
        if (connection is null || at is null || cut <= 0 || cut == at.Length - 1 || at[..cut].Trim('/').Split('/', 2) is not [var mount, var path])
        {
            throw new UserError("A secret that is read from Vault has --vault connection and --at mount/path#field, for example --vault main --at secret/app#password.", ExitCodes.Invalid);
        }

        return new() { Connection = connection, Mount = mount, Path = path, Field = at[(cut + 1)..] };
    }

    private static string Owner(SecretSummary secret) => (secret.Project is not null ? $"{secret.Org}/{secret.Project}" : secret.Org ?? ".") + (secret.Environment is { } environment ? $":{environment}" : "");

    private static Command Remove()
    {
        var (place, environment, name) = (PlaceName.Argument(), Environment(), Name());
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

    private static Argument<string> Name() => new("name") { Description = "As jobs call it, for example NPM_TOKEN" };

    private static Option<string?> Environment() => new("--environment") { Description = "A secret of this environment of the project", HelpName = "name" };

    private static string Path(string place, string? environment) => PlaceName.ApiPath(place, environment, "secrets");

    private static string Words(IReadOnlyList<string> words) => words.Count == 0 ? "-" : string.Join(' ', words);
}
