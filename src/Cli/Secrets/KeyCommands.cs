using System.CommandLine;
using PRTS.Api;
using PRTS.Cli.Connection;
using PRTS.Cli.Terminal;

namespace PRTS.Cli.Secrets;

/// <summary>The key that everything sealed depends on.</summary>
internal static class KeyCommands
{
    private static readonly TimeSpan BetweenLooks = TimeSpan.FromSeconds(1);

    public static Command Create() => new("key", "The key of all secrets of this installation") { Show(), Rotate() };

    private static Command Show()
    {
        var json = Options.Json();
        var command = new Command("show", "With which key secrets are sealed, and whether former keys are still needed") { json };
        command.SetAction(async (parsed, cancellation) =>
        {
            using var api = ApiClient.Connect();
            return Print(await api.GetAsync("api/v1/system/keys", CliJson.Default.KeyStatus, cancellation), parsed.GetValue(json));
        });
        return command;
    }

    private static Command Rotate()
    {
        var json = Options.Json();
        var wait = new Option<bool>("--wait") { Description = "Return when nothing needs a former key any more" };
        var command = new Command("rotate", "Make a new key; everything goes on while the keys of secrets are wrapped with it") { wait, json };
        command.SetAction(async (parsed, cancellation) =>
        {
            using var api = ApiClient.Connect();
            var status = await api.PostAsync("api/v1/system/keys/rotate", CliJson.Default.KeyStatus, cancellation);
            while (parsed.GetValue(wait) && status is { IsComplete: false, Failing: 0 })
            {
                await Task.Delay(BetweenLooks, cancellation);
                status = await api.GetAsync("api/v1/system/keys", CliJson.Default.KeyStatus, cancellation);
            }

            return Print(status, parsed.GetValue(json));
        });
        return command;
    }

    private static int Print(KeyStatus status, bool asJson)
    {
        if (asJson)
        {
            CliJson.Print(status);
        }
        else
        {
            Console.Out.WriteLine($"key {status.Key} of {status.Description}");
            Console.Out.WriteLine($"  wrapped with it   {status.Done} of {status.Total} data keys{(status.LastRewrappedAt is { } at ? $", the last re-wrapped {Say.Ago(at)}" : "")}");
            Console.Out.WriteLine(status.IsComplete ? "  former keys       not needed any more" : "  former keys       still needed");
            if (status.Failing > 0) Console.Out.WriteLine($"  failing           {status.Failing}: {status.Problem}");
        }

        return status.Failing > 0 ? ExitCodes.Failed : ExitCodes.Succeeded;
    }
}
