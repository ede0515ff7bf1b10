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

        // The relative PRTS_HOME of this directory is another one below "/".
        start.Environment["PRTS_HOME"] = Home.Find().Path;
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
