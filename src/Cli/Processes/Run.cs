using System.Diagnostics;

namespace PRTS.Cli.Processes;

/// <summary>What a short program said.</summary>
internal sealed record RunResult(int ExitCode, string Output)
{
    /// <summary>The end of the output, for a message.</summary>
    public string Tail => string.Join('\n', Output.TrimEnd().Split('\n').TakeLast(12));
}

internal static class Run
{
    /// <summary>Runs to the end; standard output and error come back together.</summary>
    public static async Task<RunResult> ToEndAsync(
        string program, IEnumerable<string> arguments, UnixUser? user = null, string? input = null, IReadOnlyDictionary<string, string?>? environment = null)
    {
        var start = new ProcessStartInfo { FileName = program, UseShellExecute = false, RedirectStandardOutput = true, RedirectStandardError = true, RedirectStandardInput = true };
        if (user is not null)
        {
            start.FileName = "setpriv";
            AsUser(user).ToList().ForEach(start.ArgumentList.Add);
            start.ArgumentList.Add(program);
            start.WorkingDirectory = "/";
        }

        foreach (var argument in arguments)
        {
            start.ArgumentList.Add(argument);
        }

        foreach (var (name, value) in environment ?? new Dictionary<string, string?>(StringComparer.Ordinal))
        {
            start.Environment[name] = value;
        }

        using var process = Process.Start(start) ?? throw new UserError($"Cannot start {program}.");
        var output = process.StandardOutput.ReadToEndAsync();
        var error = process.StandardError.ReadToEndAsync();
        await process.StandardInput.WriteAsync(input ?? "");
        process.StandardInput.Close();
        var text = await output + await error;
        await process.WaitForExitAsync();
        return new RunResult(process.ExitCode, text);
    }

    /// <summary>Arguments of setpriv that lead to the program itself, in the same process.</summary>
    public static IEnumerable<string> AsUser(UnixUser user) => [$"--reuid={user.Uid}", $"--regid={user.Gid}", "--init-groups", "--"];
}
