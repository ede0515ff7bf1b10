using System.CommandLine;
using System.Globalization;

namespace PRTS.Cli.Audit;

/// <summary>The options that say which entries, and what they are in an address.</summary>
internal sealed class AuditFilters
{
    private readonly Option<string?> actor = Text("--actor", "name", "Who did it");
    private readonly Option<string?> action = Text("--action", "noun:verb", "How the action begins, such as variable or variable:set");
    private readonly Option<string?> target = Text("--target", "kind:name", "How the target begins, such as user or user:ann");
    private readonly Option<string?> project = Text("--project", "org/project", "In this project, or in all of an org");
    private readonly Option<string?> outcome = Text("--outcome", "outcome", "allowed, denied or failed");
    private readonly Option<string?> text = Text("--text", "words", "Words that all begin a word of the entry");
    private readonly Option<DateTimeOffset?> since = new("--since") { Description = "From this time on, such as 2026-11-23 or 2026-11-23T12:00Z", HelpName = "time" };
    private readonly Option<DateTimeOffset?> until = new("--until") { Description = "Before this time", HelpName = "time" };

    public void AddTo(Command command)
    {
        Option[] all = [actor, action, target, project, outcome, since, until, text];
        foreach (var option in all)
        {
            command.Add(option);
        }
    }

    /// <summary><c>name=value&amp;…</c>, empty when nothing is given.</summary>
    public string Query(ParseResult parsed) => string.Join('&', new (string Name, string? Value)[]
    {
        ("actor", parsed.GetValue(actor)),
        ("action", parsed.GetValue(action)),
        ("target", parsed.GetValue(target)),
        ("project", parsed.GetValue(project)),
        ("outcome", parsed.GetValue(outcome)),
        ("from", Time(parsed.GetValue(since))),
        ("to", Time(parsed.GetValue(until))),
        ("text", parsed.GetValue(text)),
    }.Where(part => part.Value is not null).Select(part => $"{part.Name}={Uri.EscapeDataString(part.Value!)}"));

    private static string? Time(DateTimeOffset? time) => time?.UtcDateTime.ToString("O", CultureInfo.InvariantCulture);

    private static Option<string?> Text(string name, string value, string description) => new(name) { Description = description, HelpName = value };
}
