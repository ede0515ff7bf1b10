using System.CommandLine;
using System.Text.Json.Nodes;
using PRTS.Cli.Connection;
using PRTS.Cli.Projects;
using PRTS.Cli.Terminal;

namespace PRTS.Cli.Secrets;

/// <summary>Connections to Vaults of a project, an organization or the whole tenant. A credential comes from standard input or a file, as secrets do.</summary>
internal static class VaultCommands
{
    public static Command Create() => new("vault", "Connections to HashiCorp Vaults that secrets are read from") { List(), Set(), Remove() };

    private static Command List()
    {
        var (place, json) = (PlaceName.Argument(), Options.Json());
        var inherited = new Option<bool>("--inherited") { Description = "Also those of what is around the place, the narrowest first" };
        var command = new Command("list", "List connections, without their credentials") { place, inherited, json };
        command.SetAction(async (parsed, cancellation) =>
        {
            using var api = ApiClient.Connect();
            var connections = await api.GetAsync(Path(parsed.GetRequiredValue(place)) + (parsed.GetValue(inherited) ? "?inherited=true" : ""), CliJson.Default.IReadOnlyListVaultConnection, cancellation);
            if (parsed.GetValue(json))
            {
                CliJson.Print(connections);
                return ExitCodes.Succeeded;
            }

            var table = new Table("NAME", "OF", "ADDRESS", "NAMESPACE", "LOGIN", "BY", "CHANGED");
            foreach (var one in connections)
            {
                table.Add(
                    one.Name, one.Project is not null ? $"{one.Org}/{one.Project}" : one.Org ?? ".", one.Address, one.Namespace ?? "-", one.RoleId is null ? "token" : $"approle {one.RoleId}",
                    one.UpdatedBy, Say.Ago(one.UpdatedAt));
            }

            table.Print(Console.Out);
            return ExitCodes.Succeeded;
        });
        return command;
    }

    private static Command Set()
    {
        var (place, name) = (PlaceName.Argument(), Name());
        var address = new Option<string>("--address") { Description = "For example https://vault.example.com:8200", HelpName = "url", Required = true };
        var space = new Option<string?>("--namespace") { Description = "Of Vault", HelpName = "name" };
        var authorities = new Option<FileInfo?>("--ca") { Description = "Authorities that its certificate may come from, as PEM", HelpName = "file" };
        var role = new Option<string?>("--role-id") { Description = "Log in as this AppRole; the credential is its secret id then. Without it the credential is a token", HelpName = "id" };
        var mount = new Option<string?>("--approle-mount") { Description = "Where the AppRole method is mounted (approle)", HelpName = "path" };
        var file = new Option<FileInfo?>("--file") { Description = "The credential is what is in this file; else it is read from standard input", HelpName = "path" };
        var command = new Command("set", "Set a connection; its credential is always given anew") { place, name, address, space, authorities, role, mount, file };
        command.SetAction(async (parsed, cancellation) =>
        {
            var credential = (parsed.GetValue(file) is { } from ? await File.ReadAllTextAsync(from.FullName, cancellation) : await Console.In.ReadToEndAsync(cancellation)).Trim();
            if (credential.Length == 0)
            {
                throw new UserError("There is no credential: give the token, or the AppRole's secret id, on standard input or with --file.", ExitCodes.Invalid);
            }

            using var api = ApiClient.Connect();
            // Written by hand: a credential never gets into JSON by itself.
            var body = new JsonObject { ["address"] = parsed.GetRequiredValue(address), ["credential"] = credential };
            if (parsed.GetValue(space) is { } ofVault) body["namespace"] = ofVault;
            if (parsed.GetValue(authorities) is { } pem) body["caCertificates"] = await File.ReadAllTextAsync(pem.FullName, cancellation);
            if (parsed.GetValue(role) is { } id) body["roleId"] = id;
            if (parsed.GetValue(mount) is { } at) body["appRoleMount"] = at;
            var set = await api.PutAsync($"{Path(parsed.GetRequiredValue(place))}/{Uri.EscapeDataString(parsed.GetRequiredValue(name))}", body, CliJson.Default.JsonObject, CliJson.Default.VaultConnection, cancellation);
            Console.Out.WriteLine($"{set.Name} is set: {set.Address}");
            return ExitCodes.Succeeded;
        });
        return command;
    }

    private static Command Remove()
    {
        var (place, name) = (PlaceName.Argument(), Name());
        var command = new Command("remove", "Remove a connection; secrets that are read by it are out of reach then") { place, name };
        command.SetAction(async (parsed, cancellation) =>
        {
            using var api = ApiClient.Connect();
            await api.DeleteAsync($"{Path(parsed.GetRequiredValue(place))}/{Uri.EscapeDataString(parsed.GetRequiredValue(name))}", cancellation);
            Console.Out.WriteLine($"{parsed.GetRequiredValue(name)} is removed");
            return ExitCodes.Succeeded;
        });
        return command;
    }

    private static Argument<string> Name() => new("name") { Description = "As secrets call it, for example main" };

    private static string Path(string place) => PlaceName.ApiPath(place, null, "vaults");
}
