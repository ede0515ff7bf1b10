using System.Diagnostics;
using System.Globalization;
using System.Runtime.ExceptionServices;
using PRTS.Execution.Users;

namespace PRTS.Execution.Workspaces;

/// <summary>Git failed; the message has its last lines.</summary>
internal class GitException(string message) : Exception(message);

/// <summary>Runs git with a clean environment: no user's or machine's configuration, no prompts, no locale.</summary>
internal static class Git
{
    private const int LinesOfError = 5;
    private const string SetPriv = "/usr/bin/setpriv";

    /// <param name="user">Whose rights git gets and whose files it so creates. The environment is ours alone, so setpriv is safe here.</param>
    /// <param name="settings">Configuration for this call; in the environment, because a credential must not show in the process list.</param>
    /// <param name="input">Writes what git reads from its standard input. Where that ends in a failure of the source, it is the failure of all.</param>
    /// <param name="output">Takes what git writes to its standard output.</param>
    public static async Task Run(
        string directory,
        JobUser user,
        IReadOnlyList<string> arguments,
        IReadOnlyList<(string Key, string Value)> settings,
        CancellationToken ct,
        Func<Stream, Task>? input = null,
        Stream? output = null)
    {
        var start = new ProcessStartInfo
        {
            UseShellExecute = false,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = "/",
        };
        SetCommand(start, user, ["-C", directory, .. arguments]);
        SetEnvironment(start, settings);
        using var process = Process.Start(start) ?? throw new GitException("git could not be started");
        var feeding = Feed(process.StandardInput, input);
        var reading = process.StandardOutput.BaseStream.CopyToAsync(output ?? Stream.Null, ct);
        var errors = LastLines(process.StandardError, ct);
        try
        {
            await Task.WhenAll(reading, errors);
            await process.WaitForExitAsync(ct);
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            throw;
        }
        // Git's end, too, cuts the feeding short: then git has the better words.
        if (await feeding is { } failure && (failure.SourceException is GitException or HttpRequestException or HttpIOException || process.ExitCode == 0))
            failure.Throw();
        if (process.ExitCode != 0)
            throw new GitException(await errors is { Length: > 0 } said ? said : $"git {arguments[0]} exited with code {process.ExitCode}");
    }

    private static async Task<ExceptionDispatchInfo?> Feed(StreamWriter standardInput, Func<Stream, Task>? input)
    {
        try
        {
            await using (standardInput)
            {
                if (input is not null)
                    await input(standardInput.BaseStream);
            }
            return null;
        }
        catch (Exception e) when (e is GitException or HttpRequestException or IOException or OperationCanceledException)
        {
            return ExceptionDispatchInfo.Capture(e);
        }
    }

    private static void SetCommand(ProcessStartInfo start, JobUser user, IReadOnlyList<string> arguments)
    {
        start.FileName = user.IsOther ? SetPriv : "git";
        if (user.IsOther)
        {
            foreach (var argument in (string[])["--reuid", Number(user.Uid), "--regid", Number(user.Gid), "--clear-groups", "--no-new-privs", "--", "git"])
                start.ArgumentList.Add(argument);
        }
        foreach (var argument in arguments)
            start.ArgumentList.Add(argument);
    }

    private static void SetEnvironment(ProcessStartInfo start, IReadOnlyList<(string Key, string Value)> settings)
    {
        start.Environment.Clear();
        start.Environment["PATH"] = SearchPath.Own;
        start.Environment["LC_ALL"] = "C.UTF-8";
        start.Environment["HOME"] = "/nonexistent";
        start.Environment["GIT_CONFIG_NOSYSTEM"] = "1";
        start.Environment["GIT_CONFIG_GLOBAL"] = "/dev/null";
        start.Environment["GIT_TERMINAL_PROMPT"] = "0";
        start.Environment["GIT_OPTIONAL_LOCKS"] = "0";
        start.Environment["GIT_CONFIG_COUNT"] = Number(settings.Count);
        for (var i = 0; i < settings.Count; i++)
        {
            start.Environment["GIT_CONFIG_KEY_" + Number(i)] = settings[i].Key;
            start.Environment["GIT_CONFIG_VALUE_" + Number(i)] = settings[i].Value;
        }
    }

    private static async Task<string> LastLines(StreamReader reader, CancellationToken ct)
    {
        var lines = new Queue<string>();
        while (await reader.ReadLineAsync(ct) is { } line)
        {
            lines.Enqueue(line.Trim());
            if (lines.Count > LinesOfError)
                lines.Dequeue();
        }
        return string.Join("; ", lines.Where(line => line.Length > 0));
    }

    private static string Number(int number) => number.ToString(CultureInfo.InvariantCulture);
}
