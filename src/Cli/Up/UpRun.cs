using System.Runtime.InteropServices;
using PRTS.Cli.Connection;
using PRTS.Cli.Postgres;
using PRTS.Cli.Processes;

namespace PRTS.Cli.Up;

/// <summary>One run of <c>prts up</c>: checks everything, starts everything, watches it until asked to stop, and stops everything.</summary>
internal sealed class UpRun(Home home, UpOptions options, bool isDetached)
{
    public async Task<int> RunAsync()
    {
        using var log = new LauncherLog();
        DataDirectory.Check(home);
        if (home.Pid("launcher").Read() is not null)
        {
            return await ShowRunningAsync(log);
        }

        Installation.CheckParts();
        var leftovers = Leftovers.Find(home);
        if (leftovers.Count == 0)
        {
            Ports.Check(options);
        }

        var binaries = options.Database is null ? await PostgresSetup.FindBinariesAsync(home, log.Tell) : null;
        var marker = DataDirectory.Prepare(home);
        using var only = LockLauncher();
        log.OpenFile(home.LogOf("launcher"));
        if (leftovers.Count > 0)
        {
            log.Tell("an earlier start was killed: stopping what it left");
            await Leftovers.StopAsync(home, log.Tell, withJobs: false);
            Ports.Check(options);
        }

        return await LaunchAsync(marker, binaries, log);
    }

    private async Task<int> LaunchAsync(DataMarker marker, PostgresBinaries? binaries, LauncherLog log)
    {
        using var stop = new CancellationTokenSource();
        void Stop(PosixSignalContext context)
        {
            context.Cancel = true;
            stop.Cancel();
        }

        using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);
        using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);
        using var hangUp = PosixSignalRegistration.Create(PosixSignal.SIGHUP, Stop);
        if (isDetached)
        {
            Unix.LeaveSession();
        }

        home.Pid("launcher").Write(ProcessMark.Of(Environment.ProcessId)!);
        using var launcher = new Launcher(home, log.Tell);
        try
        {
            var admin = await new StartSequence(home, options, launcher, log.Tell).RunAsync(marker, binaries, stop.Token);
            Welcome.Show(log.Show, home, options, admin, isDetached);
            if (isDetached)
            {
                log.Show(DetachedLaunch.ReadyLine);
                log.Detach();
            }

            log.Tell("PRTS is ready");
            await launcher.KeepRunningAsync(stop.Token);
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            // Asked to stop while starting.
        }
        finally
        {
            log.Tell("stopping");
            await launcher.StopAllAsync();
            home.Pid("launcher").Delete();
            log.Tell("PRTS has stopped");
        }

        return ExitCodes.Succeeded;
    }

    private async Task<int> ShowRunningAsync(LauncherLog log)
    {
        var admin = AdminFile.Read(home);
        if (admin is not null)
        {
            using var client = new ApiClient(admin.Url, token: null);
            using var patience = new CancellationTokenSource(TimeSpan.FromMinutes(1));
            while (!await client.IsReadyAsync(patience.Token))
            {
                await Task.Delay(100, patience.Token);
            }
        }

        log.Show($"PRTS is already running{(admin is null ? "" : $" at {admin.Url}")} (data in {home.Path}). Stop it with: {Installation.Command} down");
        return ExitCodes.Succeeded;
    }

    /// <summary>Held until we end, however we end.</summary>
    private FileStream LockLauncher()
    {
        try
        {
            return new FileStream(home.In("run/launcher.lock"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException)
        {
            throw new UserError($"Another prts up is starting in {home.Path}.");
        }
    }
}
