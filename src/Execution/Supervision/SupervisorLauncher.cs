using System.Diagnostics;
using System.Globalization;
using PRTS.Execution.Jobs;
using PRTS.Supervisor.Protocol;

namespace PRTS.Execution.Supervision;

/// <summary>Starts a job's supervisor, which then belongs to nobody: it outlives us.</summary>
internal static class SupervisorLauncher
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    /// <summary>Returns when its control socket is open, or when an earlier agent process turns out to have started one just before it died.</summary>
    public static async Task Launch(ExecutionOptions options, JobDirectory directory, CancellationToken ct)
    {
        var command = SupervisorProgram.CommandLine(options.SupervisorPath, [string.Create(CultureInfo.InvariantCulture, $"--spool-limit={options.SpoolLimit}")]);
        var start = new ProcessStartInfo
        {
            FileName = command[0],
            WorkingDirectory = directory.Path,
            UseShellExecute = false,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (var argument in command.Skip(1))
            start.ArgumentList.Add(argument);
        start.Environment.Clear();
        foreach (var (name, value) in SupervisorProgram.Environment())
            start.Environment[name] = value;
        var process = Process.Start(start) ?? throw new InvalidOperationException($"{options.SupervisorPath} could not be started.");
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(ct);
        patience.CancelAfter(Patience);
        if (await process.StandardOutput.ReadLineAsync(patience.Token) != "ready")
        {
            var errors = await process.StandardError.ReadToEndAsync(patience.Token);
            await process.WaitForExitAsync(patience.Token);
            var already = process.ExitCode == JobFiles.AlreadySupervised;
            process.Dispose();
            if (already)
                return;
            throw new InvalidOperationException($"The supervisor did not start: {errors.Trim()}");
        }
        _ = Reap(process);
    }

    private static async Task Reap(Process process)
    {
        using (process)
            await process.WaitForExitAsync(CancellationToken.None);
    }
}
