using System.Diagnostics;
using System.Text;

namespace PRTS.Storage.Git;

/// <summary>Runs git on one repository: argument lists only, an environment of our own, and an end after the time-out.</summary>
internal static class GitCommand
{
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(60);

    /// <summary>Standard output of a command that must succeed.</summary>
    public static async Task<byte[]> Run(string directory, CancellationToken cancellationToken, params IReadOnlyList<string> arguments)
    {
        var (exitCode, output, errors) = await Try(directory, cancellationToken, arguments);
        return exitCode == 0 ? output : throw new GitException(arguments[0], errors.Length > 0 ? errors : $"exit code {exitCode}");
    }

    public static Task<(int ExitCode, byte[] Output, string Errors)> Try(string directory, CancellationToken cancellationToken, params IReadOnlyList<string> arguments) =>
        Talk(
            directory,
            arguments,
            async (_, output, cancel) =>
            {
                using var bytes = new MemoryStream();
                await output.CopyToAsync(bytes, cancel);
                return bytes.ToArray();
            },
            cancellationToken);

    /// <summary>Starts the command and lets <paramref name="talk"/> write to and read from it; then its input is closed and its end awaited.</summary>
    public static async Task<(int ExitCode, T Result, string Errors)> Talk<T>(
        string directory, IReadOnlyList<string> arguments, Func<Stream, BufferedStream, CancellationToken, Task<T>> talk, CancellationToken cancellationToken)
    {
        using var process = Process.Start(StartInfo(directory, arguments)) ?? throw new GitException(arguments[0], "git did not start");
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        timeout.CancelAfter(Timeout);
        try
        {
            var errors = process.StandardError.ReadToEndAsync(timeout.Token);
            await using var output = new BufferedStream(process.StandardOutput.BaseStream, 64 * 1024);
            var result = await talk(process.StandardInput.BaseStream, output, timeout.Token);
            process.StandardInput.Close();
            var message = await errors;
            await process.WaitForExitAsync(timeout.Token);
            return (process.ExitCode, result, message.Trim());
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw new GitException(arguments[0], $"no answer within {Timeout.TotalSeconds:0} s");
        }
        finally
        {
            if (!process.HasExited) process.Kill(entireProcessTree: true);
        }
    }

    private static ProcessStartInfo StartInfo(string directory, IReadOnlyList<string> arguments)
    {
        var start = new ProcessStartInfo("git")
        {
            WorkingDirectory = directory,
            UseShellExecute = false,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            StandardErrorEncoding = Encoding.UTF8,
        };
        foreach (var argument in arguments) start.ArgumentList.Add(argument);
        var path = start.Environment["PATH"];
        start.Environment.Clear();
        start.Environment["PATH"] = path;
        start.Environment["HOME"] = directory;
        start.Environment["LC_ALL"] = "C.UTF-8";
        start.Environment["GIT_CONFIG_NOSYSTEM"] = "1";
        start.Environment["GIT_CONFIG_GLOBAL"] = "/dev/null";
        start.Environment["GIT_TERMINAL_PROMPT"] = "0";
        // A data directory that was restored from a backup may belong to another user; the repositories in it are still ours.
        start.Environment["GIT_CONFIG_COUNT"] = "1";
        start.Environment["GIT_CONFIG_KEY_0"] = "safe.directory";
        start.Environment["GIT_CONFIG_VALUE_0"] = "*";
        return start;
    }
}
