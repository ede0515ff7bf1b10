using System.Globalization;
using Microsoft.Extensions.Localization;
using PRTS.Api;

namespace PRTS.Web.Shell;

/// <summary>How values are written for markup and people.</summary>
public static class Texts
{
    /// <summary>The name that JSON, addresses and style sheets use.</summary>
    public static string Slug(this RunStatus status) => status switch
    {
        RunStatus.Queued => "queued",
        RunStatus.Waiting => "waiting",
        RunStatus.Running => "running",
        RunStatus.Succeeded => "succeeded",
        RunStatus.Failed => "failed",
        RunStatus.Canceled => "canceled",
        RunStatus.Skipped => "skipped",
        RunStatus.Invalid => "invalid",
        _ => throw new ArgumentOutOfRangeException(nameof(status), status, null),
    };

    public static RunStatus? StatusFrom(string? slug)
    {
        foreach (var status in Enum.GetValues<RunStatus>())
            if (status.Slug() == slug) return status;
        return null;
    }

    /// <summary>ISO 8601 for attributes; the browser turns it into the reader's own time.</summary>
    public static string? Iso(this DateTimeOffset? time) => time?.Iso();

    public static string Iso(this DateTimeOffset time) => time.ToString("O", CultureInfo.InvariantCulture);

    /// <summary><c>main</c> for <c>refs/heads/main</c>, <c>v1</c> for <c>refs/tags/v1</c>.</summary>
    public static string ShortRef(string name) =>
        name.StartsWith("refs/heads/", StringComparison.Ordinal) ? name["refs/heads/".Length..]
        : name.StartsWith("refs/tags/", StringComparison.Ordinal) ? name["refs/tags/".Length..]
        : name;

    public static string ShortCommit(string sha) => sha.Length > 8 ? sha[..8] : sha;

    /// <summary>The word for a trigger; one that this version has no word for is shown as it is.</summary>
    public static string EventName(IStringLocalizer texts, string name) => texts[$"Event.{name}"] is { ResourceNotFound: false } word ? word.Value : name;

    /// <summary>Bytes with a binary unit, at most one decimal.</summary>
    public static string Bytes(long count)
    {
        string[] units = ["B", "KiB", "MiB", "GiB", "TiB"];
        double value = count;
        var unit = 0;
        for (; value >= 1024 && unit < units.Length - 1; unit++) value /= 1024;
        return string.Create(CultureInfo.CurrentCulture, $"{value:0.#} {units[unit]}");
    }
}
