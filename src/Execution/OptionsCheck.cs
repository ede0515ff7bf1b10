using PRTS.Execution.Native;
using PRTS.Execution.Users;

namespace PRTS.Execution;

/// <summary>Finds at the agent's start what would otherwise fail in the middle of a job.</summary>
internal static class OptionsCheck
{
    private const UnixFileMode Private = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    public static IReadOnlyList<string> Problems(ExecutionOptions options)
    {
        var problems = new List<string>();
        Create(options.JobsDirectory, Private, problems);
        Create(options.MirrorsDirectory, Private, problems);
        Create(options.WorkDirectory, Private | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute, problems);
        if (!File.Exists(options.SupervisorPath))
            problems.Add($"The supervisor program {options.SupervisorPath} does not exist; PRTS_SUPERVISOR names it.");
        if (Find("git") is null)
            problems.Add("git is not installed (not found in PATH); jobs need it for their checkout.");
        if (Linux.IsRoot)
            CheckJobUser(options, problems);
        return problems;
    }

    /// <summary>A program's full path, or null.</summary>
    public static string? Find(string program, string? searchPath = null) =>
        program.Contains('/', StringComparison.Ordinal)
            ? File.Exists(program) ? program : null
            : (searchPath ?? SearchPath.Own).Split(':', StringSplitOptions.RemoveEmptyEntries)
                .Select(directory => Path.Combine(directory, program)).FirstOrDefault(File.Exists);

    private static void CheckJobUser(ExecutionOptions options, List<string> problems)
    {
        if (Find("/usr/bin/setpriv") is null)
            problems.Add("/usr/bin/setpriv is missing (package util-linux); an agent that runs as root needs it to check out as an unprivileged user.");
        try
        {
            _ = JobUserRange.Parse(options.JobUser);
        }
        catch (FormatException e)
        {
            problems.Add(e.Message);
        }
        for (var directory = Path.GetFullPath(options.WorkDirectory); directory is not null; directory = Path.GetDirectoryName(directory))
        {
            if (Directory.Exists(directory) && !File.GetUnixFileMode(directory).HasFlag(UnixFileMode.OtherExecute))
                problems.Add($"Steps run as an unprivileged user, who cannot reach {options.WorkDirectory} through {directory} (no x for others): choose a work directory elsewhere, or chmod o+x {directory}.");
        }
    }

    private static void Create(string directory, UnixFileMode mode, List<string> problems)
    {
        try
        {
            if (!Directory.Exists(directory))
                Directory.CreateDirectory(directory);
            File.SetUnixFileMode(directory, mode);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            problems.Add($"{directory} cannot be used: {e.Message}");
        }
    }
}
