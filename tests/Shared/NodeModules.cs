namespace PRTS.Tests;

/// <summary>Where npm has put packages: beside programs on the PATH, or in the tests' cache.</summary>
internal static class NodeModules
{
    /// <summary>The folder <c>node_modules</c> that has the package.</summary>
    public static string With(string package)
    {
        var cache = Environment.GetEnvironmentVariable("PRTS_TEST_CACHE")
            ?? Path.Combine(Environment.GetEnvironmentVariable("XDG_CACHE_HOME") ?? Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".cache"), "prts-tests");
        return (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':')
            .Where(folder => folder.EndsWith("/node_modules/.bin", StringComparison.Ordinal)).Select(folder => folder[..^"/.bin".Length])
            .Append(Path.Combine(cache, "npm", "node_modules"))
            .FirstOrDefault(folder => Directory.Exists(Path.Combine(folder, package)))
            ?? throw new InvalidOperationException($"These tests need the npm package {package}: ./prts test installs it.");
    }
}
