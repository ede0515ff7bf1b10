using System.Globalization;
using PRTS.Cli.Processes;

namespace PRTS.Cli.Up;

/// <summary>
/// The supervisors of running jobs outlive the agent on purpose; `down` is the one who ends them. They stop their steps and keep spool
/// and journal, from which the next agent reports what happened.
/// </summary>
internal static class JobSupervisors
{
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(20);

    public static async Task StopAsync(Home home, Action<string> tell)
    {
        var running = Find(home).ToList();
        if (running.Count == 0)
        {
            return;
        }

        tell($"stopping {running.Count} running {(running.Count == 1 ? "job" : "jobs")}");
        var stopped = await Task.WhenAll(running.Select(supervisor => supervisor.StopAsync(Unix.SigTerm, Timeout)));
        if (stopped.Contains(false))
        {
            tell("a job's supervisor did not stop in time and was killed");
        }
    }

    public static IEnumerable<ProcessMark> Find(Home home)
    {
        if (!Directory.Exists(home.Agents))
        {
            yield break;
        }

        foreach (var jobs in Directory.EnumerateDirectories(home.Agents).Select(agent => Path.Combine(agent, "jobs")).Where(Directory.Exists))
        {
            foreach (var job in Directory.EnumerateDirectories(jobs))
            {
                if (Read(Path.Combine(job, "supervisor.pid")) is { } mark)
                {
                    yield return mark;
                }
            }
        }
    }

    /// <summary>The number may belong to another process by now: ours has the supervisor's program in its command line.</summary>
    private static ProcessMark? Read(string path)
    {
        try
        {
            // The process id and its start time in clock ticks since boot.
            var fields = File.ReadAllText(path).Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);
            return fields.Length > 0
                && int.TryParse(fields[0], CultureInfo.InvariantCulture, out var pid)
                && ProcessMark.Of(pid) is { } mark
                && (fields.Length == 1 || fields[1] == mark.StartTicks.ToString(CultureInfo.InvariantCulture))
                && ProcessMark.CommandLineOf(pid).Take(3).Any(argument => argument.Contains("prts-supervisor", StringComparison.Ordinal))
                ? mark
                : null;
        }
        catch (IOException)
        {
            return null;
        }
    }
}
