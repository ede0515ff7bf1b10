using System.Diagnostics;

namespace PRTS.Cli.Up;

/// <summary>Starts the launcher in the background and shows what it tells, until it is ready or has failed.</summary>
internal static class DetachedLaunch
{
    /// <summary>The line by which the launcher says that it goes on alone.</summary>
    public const string ReadyLine = "\u0004";

    public static async Task<int> RunAsync(IReadOnlyList<string> upArguments)
    {
        var start = new ProcessStartInfo
        {
            FileName = Environment.ProcessPath!,
            UseShellExecute = false,
            WorkingDirectory = "/",
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (var argument in (string[])["up", "--as-launcher", .. upArguments])
        {
            start.ArgumentList.Add(argument);
        }

        // What is relative to this directory is something else below "/".
        start.Environment["PRTS_HOME"] = Home.Find().Path;
        foreach (var name in new[] { "PRTS_TLS_CERT", "PRTS_TLS_KEY" })
        {
            if (Environment.GetEnvironmentVariable(name) is { Length: > 0 } path) start.Environment[name] = Path.GetFullPath(path);
        }

        using var launcher = Process.Start(start) ?? throw new UserError("Cannot start the launcher.");
        launcher.StandardInput.Close();
        var errors = launcher.StandardError.ReadToEndAsync();
        while (await launcher.StandardOutput.ReadLineAsync() is { } line)
        {
            if (line == ReadyLine)
            {
                return ExitCodes.Succeeded;
            }

            Console.Out.WriteLine(line);
        }

        await Console.Error.WriteAsync(await errors);
        await launcher.WaitForExitAsync();
        return launcher.ExitCode;
    }
}
