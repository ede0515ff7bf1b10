using System.Security.Cryptography;
using PRTS.Execution.Artifacts;
using PRTS.Execution.Workspaces;

namespace PRTS.Execution.Steps;

/// <summary>The expression function <c>hashFiles</c>: SHA-256 over the SHA-256 of each matching file, in the order of their paths; empty when none matches.</summary>
internal static class FileHash
{
    public static string Of(Workspace workspace, IReadOnlyList<string> patterns)
    {
        var collector = new ArtifactCollector(workspace);
        var files = patterns.SelectMany(pattern => collector.Collect(pattern).Files).DistinctBy(file => file.FullPath).OrderBy(file => file.FullPath, StringComparer.Ordinal).ToList();
        if (files.Count == 0)
            return "";
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var file in files)
        {
            using var stream = file.Open();
            hash.AppendData(SHA256.HashData(stream));
        }
        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }
}
