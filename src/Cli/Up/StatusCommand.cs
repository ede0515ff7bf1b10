using System.CommandLine;
using PRTS.Cli.Connection;

namespace PRTS.Cli.Up;

internal static class StatusCommand
{
    public static Command Create()
    {
        var json = new Option<bool>("--json") { Description = "Print JSON" };
        var command = new Command("status", "Show what runs on this machine") { json };
        command.SetAction(async (parsed, cancellation) =>
        {
            var home = Home.Find();
            var entries = await ReadAsync(home, cancellation);
            if (parsed.GetValue(json))
            {
                CliJson.Print(entries);
            }
            else
            {
                Show(home, entries);
            }

            return ExitCodes.Succeeded;
        });
        return command;
    }

    private static async Task<IReadOnlyList<StatusEntry>> ReadAsync(Home home, CancellationToken cancellation)
    {
        var isLaunched = home.Pid("launcher").Read() is not null;
        var entries = new List<StatusEntry>();
        foreach (var (name, role) in Leftovers.InOrderOfStart)
        {
            var process = home.Pid(name).Read();
            if (process is null && !File.Exists(home.LogOf(name)))
            {
                // Never started here: a database elsewhere, or no agent.
                continue;
            }

            var state = process is null ? (isLaunched ? "restarting" : "stopped")
                : role == "server" && !await IsReadyAsync(home, cancellation) ? "starting"
                : "running";
            entries.Add(new StatusEntry { Name = name, Role = role, Pid = process?.Pid, State = state });
        }

        return entries;
    }

    private static async Task<bool> IsReadyAsync(Home home, CancellationToken cancellation)
    {
        if (AdminFile.Read(home) is not { } admin)
        {
            return false;
        }

        using var client = new ApiClient(admin.Url, token: null);
        return await client.IsReadyAsync(cancellation);
    }

    private static void Show(Home home, IReadOnlyList<StatusEntry> entries)
    {
        foreach (var entry in entries)
        {
            Console.Out.WriteLine($"{entry.Name,-10} {entry.State,-11} {(entry.Pid is { } pid ? $"process {pid}" : "")}".TrimEnd());
        }

        Console.Out.WriteLine(entries.Any(e => e.Pid is not null)
            ? $"\n{AdminFile.Read(home)?.Url}  data in {home.Path}"
            : $"PRTS is not running (data in {home.Path}). Start it with: {Installation.Command} up");
    }
}
