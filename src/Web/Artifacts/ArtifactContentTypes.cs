using Microsoft.AspNetCore.StaticFiles;

namespace PRTS.Web.Artifacts;

/// <summary>
/// How a browser may take a file that a build made. Nobody vouches for these files and they come from our own address: nothing of them
/// may run as ours, neither as a page nor as a script of one of our pages.
/// </summary>
public static class ArtifactContentTypes
{
    /// <summary>A page is shown in a world of its own: no scripts, no cookies, no forms.</summary>
    public const string Policy = "sandbox; default-src 'none'; img-src 'self' data:; style-src 'self' 'unsafe-inline'; font-src 'self' data:; frame-ancestors 'self'";

    private static readonly FileExtensionContentTypeProvider Known = new();
    private static readonly HashSet<string> Text = new(StringComparer.OrdinalIgnoreCase)
    {
        ".txt", ".log", ".md", ".json", ".jsonl", ".xml", ".yaml", ".yml", ".csv", ".tsv", ".js", ".mjs", ".ts", ".cs", ".py", ".sh", ".sql", ".toml", ".ini", ".diff", ".patch", ".tap",
    };

    public static (string Type, bool Inline) Of(string path)
    {
        var extension = Path.GetExtension(path);
        if (Text.Contains(extension)) return ("text/plain; charset=utf-8", true);
        if (!Known.TryGetContentType(path, out var type)) return ("application/octet-stream", false);
        return type switch
        {
            "text/html" => ("text/html; charset=utf-8", true),
            "text/css" => (type, true),
            _ when type.StartsWith("image/", StringComparison.Ordinal) => (type, true),
            _ when type.StartsWith("text/", StringComparison.Ordinal) => ("text/plain; charset=utf-8", true),
            _ => ("application/octet-stream", false),
        };
    }
}
