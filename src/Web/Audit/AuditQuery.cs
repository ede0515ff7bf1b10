using Microsoft.AspNetCore.Http.HttpResults;
using PRTS.Audit;
using PRTS.Storage.Audit;
using PRTS.Web.Rest;

namespace PRTS.Web.Audit;

/// <summary>Which entries are asked for, as it stands in the address.</summary>
public readonly record struct AuditQuery(string? Actor, string? Action, string? Target, string? Project, string? Outcome, DateTimeOffset? From, DateTimeOffset? To, string? Text)
{
    private static readonly AuditOutcome[] Outcomes = Enum.GetValues<AuditOutcome>();

    public ProblemHttpResult? Problem => Given(Outcome) is { } outcome && Outcomes.All(known => Canonical.Name(known) != outcome)
        ? Problems.Invalid($"'outcome' is '{outcome}'; it must be {string.Join(", ", Outcomes.Select(Canonical.Name))}.")
        : null;

    public AuditFilter Filter
    {
        get
        {
            var outcome = Given(Outcome);
            return new()
            {
                Actor = Given(Actor),
                Action = Given(Action),
                Target = Given(Target),
                Project = Given(Project),
                Outcome = outcome is null ? null : Outcomes.Single(known => Canonical.Name(known) == outcome),
                From = From,
                To = To,
                Text = Given(Text),
            };
        }
    }

    private static string? Given(string? text) => string.IsNullOrWhiteSpace(text) ? null : text.Trim();

    /// <summary>What stands behind the question mark of an address that asks for the same and this; empty when that is all entries.</summary>
    public string Address(params (string Name, string? Value)[] more)
    {
        (string Name, string? Value)[] given =
        [
            ("actor", Given(Actor)), ("action", Given(Action)), ("target", Given(Target)), ("project", Given(Project)), ("outcome", Given(Outcome)),
            ("from", Instant(From)), ("to", Instant(To)), ("text", Given(Text)),
        ];
        return string.Join('&', given.Concat(more).Where(part => part.Value is not null).Select(part => $"{part.Name}={Uri.EscapeDataString(part.Value!)}"));
    }

    private static string? Instant(DateTimeOffset? time) => time?.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", System.Globalization.CultureInfo.InvariantCulture);
}
