using System.Diagnostics;
using System.Globalization;
using PRTS.Execution.Jobs;
using PRTS.Execution.Users;
using PRTS.Supervisor.Protocol;

namespace PRTS.Execution.Supervision;

/// <summary>Starts a job's supervisor, which then belongs to nobody: it outlives us.</summary>
internal static class SupervisorLauncher
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    /// <summary>Returns when its control socket is open, or when an earlier agent process turns out to have started one just before it died.</summary>
    public static async Task Launch(ExecutionOptions options, JobDirectory directory, CancellationToken ct)
    {
        var isProgram = !options.SupervisorPath.EndsWith(".dll", StringComparison.Ordinal);
        var start = new ProcessStartInfo
        {
            FileName = isProgram ? options.SupervisorPath : Environment.ProcessPath is { } host && Path.GetFileName(host) == "dotnet" ? host : "dotnet",
            WorkingDirectory = directory.Path,
            UseShellExecute = false,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        if (!isProgram)
            start.ArgumentList.Add(options.SupervisorPath);
        start.ArgumentList.Add(string.Create(CultureInfo.InvariantCulture, $"--spool-limit={options.SpoolLimit}"));
        SetEnvironment(start);
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

    /// <summary>Not our environment: it may hold the agent's secrets, and the supervisor needs none of it.</summary>
    private static void SetEnvironment(ProcessStartInfo start)
    {
        var runtime = Environment.GetEnvironmentVariables().Keys.Cast<string>()
            .Where(name => name.StartsWith("DOTNET_ROOT", StringComparison.Ordinal)).ToDictionary(name => name, Environment.GetEnvironmentVariable);
        start.Environment.Clear();
        start.Environment["PATH"] = SearchPath.Own;
        start.Environment["DOTNET_EnableDiagnostics"] = "0";
        start.Environment["DOTNET_TieredCompilation"] = "1";
        foreach (var (name, value) in runtime)
            start.Environment[name] = value;
    }

    private static async Task Reap(Process process)
    {
        using (process)
            await process.WaitForExitAsync(CancellationToken.None);
    }
}
