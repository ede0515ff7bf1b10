using System.CommandLine;
using PRTS.Cli.Processes;

namespace PRTS.Cli.Up;

internal static class DownCommand
{
    /// <summary>Longer than everything that the launcher waits for.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    public static Command Create()
    {
        var command = new Command("down", "Stop PRTS on this machine, in order");
        command.SetAction((_, _) => RunAsync(Home.Find()));
        return command;
    }

    private static async Task<int> RunAsync(Home home)
    {
        var launcher = home.Pid("launcher").Read();
        if (launcher is null && Leftovers.Find(home).Count == 0 && !JobSupervisors.Find(home).Any())
        {
            Console.Out.WriteLine($"PRTS is not running (data in {home.Path}).");
            return ExitCodes.Succeeded;
        }

        try
        {
            if (launcher is not null)
            {
                CheckMaySignal(launcher);
                Console.Out.WriteLine("stopping ...");
                await launcher.StopAsync(Unix.SigTerm, Patience);
            }

            // What is left is there because the launcher was killed.
            await Leftovers.StopAsync(home, Console.Out.WriteLine, withJobs: true);
            home.Pid("launcher").Delete();
        }
        catch (UnauthorizedAccessException error)
        {
            throw new UserError($"{error.Message.TrimEnd('.')}: stop PRTS as the user who started it.");
        }

        Console.Out.WriteLine("PRTS has stopped.");
        return ExitCodes.Succeeded;
    }

    private static void CheckMaySignal(ProcessMark process)
    {
        if (process.IsAlive && !Unix.Signal(process.Pid, 0))
        {
            throw new UserError($"PRTS (process {process.Pid}) was started by another user: stop it as that user.");
        }
    }
}
