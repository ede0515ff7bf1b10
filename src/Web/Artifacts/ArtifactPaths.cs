using System.Text;
using PRTS.Pipelines.Planning;

namespace PRTS.Web.Artifacts;

/// <summary>What names artifacts and their files may have: only such as stay in their folder wherever they are unpacked.</summary>
public static class ArtifactPaths
{
    private const int LongestPath = 1024;
    private const int LongestSegment = 255;

    /// <summary>What is wrong with a file's path; null when nothing is.</summary>
    public static string? Problem(string path) =>
        path.Length == 0 ? "The path is empty; give one relative to the artifact, such as dist/app.js."
        : Encoding.UTF8.GetByteCount(path) > LongestPath ? $"The path has more than {LongestPath} bytes."
        : path.Any(char.IsControl) ? "The path has control characters."
        : path.Contains('\uFFFD', StringComparison.Ordinal) ? "The path is not valid UTF-8."
        : path.Contains('\\', StringComparison.Ordinal) ? "The path has a backslash; folders are separated by '/'."
        : path[0] == '/' || (path.Length > 1 && path[1] == ':' && char.IsAsciiLetter(path[0])) ? $"The path '{path}' is absolute; it must be relative to the artifact."
        : path.Split('/').FirstOrDefault(segment => segment is "" or "." or ".." || Encoding.UTF8.GetByteCount(segment) > LongestSegment) is { } wrong
            ? wrong.Length > LongestSegment / 4 ? $"A name in the path has more than {LongestSegment} bytes." : $"The path '{path}' has a part '{wrong}'; it must have names only, without '.' and '..'."
        : null;

    /// <summary>What is wrong with an artifact's name; null when nothing is.</summary>
    public static string? NameProblem(string name) =>
        PlannedArtifact.IsName(name) ? null : $"An artifact's name has 1 to {PlannedArtifact.LongestName} characters, without '/' and '\\'.";
}
