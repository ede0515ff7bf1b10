using System.CommandLine;
using PRTS.Audit;
using PRTS.Audit.Verification;
using PRTS.Cli.Connection;
using PRTS.Cli.Terminal;

namespace PRTS.Cli.Audit;

internal static class AuditCommands
{
    private const string Path = "api/v1/audit";
    private const int MostInPage = 200;

    public static Command Create() => new("audit", "Who did what: the audit log, and proof that nobody changed it") { List(), Export(), Checkpoint(), Key(), VerifyCommand.Create() };

    private static Command List()
    {
        var (filters, limit, json) = (new AuditFilters(), Options.Limit(), Options.Json());
        var command = new Command("list", "List entries, the newest first") { limit, json };
        filters.AddTo(command);
        command.SetAction(async (parsed, cancellation) =>
        {
            using var api = ApiClient.Connect();
            var entries = await FindAsync(api, filters.Query(parsed), parsed.GetValue(limit), cancellation);
            if (parsed.GetValue(json))
            {
                CliJson.Print<IReadOnlyList<AuditEntry>>(entries);
                return ExitCodes.Succeeded;
            }

            var table = new Table("ENTRY", "TIME", "WHO", "FROM", "ACTION", "TARGET", "OUTCOME", "REASON");
            foreach (var entry in entries)
            {
                table.Add([.. new[]
                {
                    $"{entry.Sequence}", $"{entry.At.LocalDateTime:yyyy-MM-dd HH:mm:ss}", entry.Actor.Name, $"{Canonical.Name(entry.Origin.Via)} {entry.Origin.Address}".TrimEnd(),
                    entry.Action, Target(entry.Target), Canonical.Name(entry.Outcome), entry.Reason ?? "",
                }.Select(cell => cell.ReplaceLineEndings(" "))]);
            }

            table.Print(Console.Out);
            return ExitCodes.Succeeded;
        });
        return command;
    }

    private static Command Export()
    {
        var (filters, output) = (new AuditFilters(), Output());
        var format = new Option<string>("--format") { Description = "json (which can be proven), csv or syslog", HelpName = "format", DefaultValueFactory = _ => "json" };
        format.AcceptOnlyFromAmong("json", "csv", "syslog");
        var command = new Command("export", "Write the log to a file, the oldest entry first") { format, output };
        filters.AddTo(command);
        command.SetAction(async (parsed, cancellation) =>
        {
            var (query, asked) = (filters.Query(parsed), parsed.GetRequiredValue(format));
            string? damage = null;
            await SaveAsync($"{Path}/export?format={asked}{(query.Length > 0 ? "&" + query : "")}", parsed.GetValue(output), cancellation, async (response, file) =>
            {
                var known = response.Headers.TryGetValues("Prts-Audit-Damage", out var values) ? string.Join(' ', values) : null;
                if (asked != "json" || query.Length > 0)
                {
                    await CopyAsync(response, file, cancellation);
                    damage = known;
                    return;
                }

                await using var content = await response.Content.ReadAsStreamAsync(cancellation);
                var fault = await Task.Run(() => CheckedCopy.Run(content, file), cancellation);
                // An export of a log that the server knows to be damaged has no end: what it says is more than that.
                damage = fault is null or { Kind: AuditFaultKind.Truncated } ? known ?? fault?.Text : $"line {fault.Line} of the export: {fault.Text}";
            });
            if (damage is null)
            {
                return ExitCodes.Succeeded;
            }

            await Console.Error.WriteLineAsync($"prts: the audit log is damaged: {damage}");
            return ExitCodes.Failed;
        });
        return command;
    }

    private static Command Checkpoint()
    {
        var output = Output();
        var command = new Command("checkpoint", "Write a signed checkpoint: keep it elsewhere, it proves later exports") { output };
        command.SetAction(async (parsed, cancellation) =>
        {
            await SaveAsync($"{Path}/checkpoint", parsed.GetValue(output), cancellation);
            return ExitCodes.Succeeded;
        });
        return command;
    }

    private static Command Key()
    {
        var output = Output();
        var command = new Command("key", "Write the public key that checkpoints are signed with") { output };
        command.SetAction(async (parsed, cancellation) =>
        {
            await SaveAsync($"{Path}/key", parsed.GetValue(output), cancellation);
            return ExitCodes.Succeeded;
        });
        return command;
    }

    private static async Task<IReadOnlyList<AuditEntry>> FindAsync(ApiClient api, string query, int limit, CancellationToken cancellation)
    {
        var entries = new List<AuditEntry>();
        long? before = null;
        while (entries.Count < limit)
        {
            var page = await api.GetAsync(
                $"{Path}?take={Math.Min(limit - entries.Count, MostInPage)}{(before is null ? "" : $"&before={before}")}{(query.Length > 0 ? "&" + query : "")}", CliJson.Default.AuditPage, cancellation);
            entries.AddRange(page.Items);
            before = page.Next;
            if (before is null)
            {
                break;
            }
        }

        return entries;
    }

    /// <summary>A file takes its name only when all of it is here.</summary>
    /// <param name="copy">Copies the answer to the file; null: as it is.</param>
    private static async Task SaveAsync(string path, string? file, CancellationToken cancellation, Func<HttpResponseMessage, Stream, Task>? copy = null)
    {
        copy ??= (response, output) => CopyAsync(response, output, cancellation);
        using var api = ApiClient.Connect();
        using var response = await api.SendAsync(new HttpRequestMessage(HttpMethod.Get, api.Absolute(path)), HttpCompletionOption.ResponseHeadersRead, cancellation);
        if (file is null)
        {
            await using var output = Console.OpenStandardOutput();
            await copy(response, output);
            return;
        }

        var unfinished = file + ".part";
        try
        {
            await using (var output = File.Create(unfinished))
            {
                await copy(response, output);
            }

            File.Move(unfinished, file, overwrite: true);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new UserError($"{file} cannot be written: {error.Message}", ExitCodes.Invalid);
        }
    }

    private static async Task CopyAsync(HttpResponseMessage response, Stream output, CancellationToken cancellation)
    {
        try
        {
            await response.Content.CopyToAsync(output, cancellation);
        }
        catch (HttpRequestException error)
        {
            throw new UnreachableError($"The connection broke before the end ({error.Message.TrimEnd('.')}). Try again.");
        }
    }

    private static string Target(AuditTarget target) =>
        $"{target.Kind} {target.Name ?? target.Id}{(target.Org is null || target.Kind == "project" ? "" : $" in {target.Org}{(target.Project is null ? "" : "/" + target.Project)}")}";

    private static Option<string?> Output() => new("--output", "-o") { Description = "The file (standard output)", HelpName = "file" };
}
