namespace PRTS.Execution.Steps;

/// <summary>How a step's script is run.</summary>
internal static class Shell
{
    private static readonly Dictionary<string, (string[] Argv, string Extension)> Known = new(StringComparer.Ordinal)
    {
        ["bash"] = (["bash", "--noprofile", "--norc", "-eo", "pipefail", "{0}"], ".sh"),
        ["sh"] = (["sh", "-e", "{0}"], ".sh"),
        ["python"] = (["python3", "{0}"], ".py"),
        ["pwsh"] = (["pwsh", "-NoProfile", "-NonInteractive", "-Command", ". '{0}'"], ".ps1"),
    };

    public static string ExtensionOf(string shell) => Known.TryGetValue(shell, out var known) ? known.Extension : "";

    /// <summary>The command line, its program as it is written; or what is wrong.</summary>
    public static (IReadOnlyList<string> Argv, string? Error) CommandLine(string shell, string script)
    {
        var parts = Known.TryGetValue(shell, out var known) ? known.Argv : shell.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        return parts.Any(part => part.Contains("{0}", StringComparison.Ordinal))
            ? ([.. parts.Select(part => part.Replace("{0}", script, StringComparison.Ordinal))], null)
            : ([], $"the shell '{shell}' is unknown: use bash, sh, python or pwsh, or a command with {{0}} in the place of the script");
    }

    /// <summary>The command line, its program as a full path on this machine; or what is wrong.</summary>
    public static (IReadOnlyList<string> Argv, string? Error) CommandLine(string shell, string script, string searchPath, string directory)
    {
        var (parts, error) = CommandLine(shell, script);
        if (error is not null)
            return ([], error);
        var program = parts[0].Contains('/', StringComparison.Ordinal) && !Path.IsPathRooted(parts[0])
            ? Path.Combine(directory, parts[0])
            : OptionsCheck.Find(parts[0], searchPath);
        return program is null
            ? ([], $"{parts[0]}, the shell's program, is not installed on this agent (not found in PATH {searchPath})")
            : ([program, .. parts.Skip(1)], null);
    }
}
