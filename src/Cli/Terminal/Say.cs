using System.Globalization;
using PRTS.Api;

namespace PRTS.Cli.Terminal;

/// <summary>How times, sizes and states read.</summary>
internal static class Say
{
    public static string Status(RunStatus status) => status.ToString().ToLowerInvariant();

    /// <summary>Spectre's colour.</summary>
    public static string ColorOf(RunStatus status) => status switch
    {
        RunStatus.Succeeded => "green",
        RunStatus.Failed or RunStatus.Invalid => "red",
        RunStatus.Running => "blue",
        RunStatus.Canceled => "yellow",
        RunStatus.Waiting => "yellow",
        _ => "grey",
    };

    public static string Mark(RunStatus status) => status switch
    {
        RunStatus.Succeeded => "✓",
        RunStatus.Failed or RunStatus.Invalid => "✗",
        RunStatus.Running => "●",
        RunStatus.Canceled => "⊘",
        RunStatus.Skipped => "–",
        _ => "○",
    };

    public static string Ago(DateTimeOffset? at) => at is { } time ? Duration(TimeProvider.System.GetUtcNow() - time) + " ago" : "";

    public static string Until(DateTimeOffset at) => at - TimeProvider.System.GetUtcNow() is { TotalSeconds: >= 1 } wait ? $"in {Duration(wait)}" : "any moment now";

    /// <summary>From start to end, or to now while it runs; empty before the start.</summary>
    public static string Took(DateTimeOffset? from, DateTimeOffset? to) =>
        from is { } start ? Duration((to ?? TimeProvider.System.GetUtcNow()) - start) : "";

    public static string Duration(TimeSpan time) => time switch
    {
        { TotalSeconds: < 0 } => "0 s",
        { TotalSeconds: < 10 } => string.Create(CultureInfo.InvariantCulture, $"{time.TotalSeconds:0.0} s"),
        { TotalSeconds: < 60 } => $"{(int)time.TotalSeconds} s",
        { TotalMinutes: < 60 } => $"{(int)time.TotalMinutes} min {time.Seconds} s",
        { TotalHours: < 48 } => $"{(int)time.TotalHours} h {time.Minutes} min",
        _ => $"{(int)time.TotalDays} days",
    };

    public static string Size(long bytes) => bytes switch
    {
        < 1024 => $"{bytes} B",
        < 1024 * 1024 => string.Create(CultureInfo.InvariantCulture, $"{bytes / 1024.0:0.0} KiB"),
        < 1024L * 1024 * 1024 => string.Create(CultureInfo.InvariantCulture, $"{bytes / 1024.0 / 1024:0.0} MiB"),
        _ => string.Create(CultureInfo.InvariantCulture, $"{bytes / 1024.0 / 1024 / 1024:0.00} GiB"),
    };

    /// <summary><c>refs/heads/main</c> reads <c>main</c>.</summary>
    public static string Ref(string name) =>
        name.StartsWith("refs/heads/", StringComparison.Ordinal) ? name["refs/heads/".Length..]
        : name.StartsWith("refs/tags/", StringComparison.Ordinal) ? name["refs/tags/".Length..]
        : name;

    public static string Commit(string hash) => hash.Length > 8 ? hash[..8] : hash;

    public static string Short(string text, int length) => text.Length <= length ? text : text[..(length - 1)] + "…";
}
