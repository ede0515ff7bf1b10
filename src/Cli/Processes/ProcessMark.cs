using System.Globalization;

namespace PRTS.Cli.Processes;

/// <summary>
/// A process as it can be found again after our own death. A process id alone is reused by the kernel; together with its start time
/// (clock ticks since boot) and the boot it is unique, so a signal never reaches a stranger.
/// </summary>
internal sealed record ProcessMark(int Pid, long StartTicks, string Boot)
{
    private static readonly string CurrentBoot = File.ReadAllText("/proc/sys/kernel/random/boot_id").Trim();

    public bool IsAlive => Boot == CurrentBoot && ReadStartTicks(Pid) == StartTicks;

    /// <summary>Null when there is no such process, or only its remains (a zombie).</summary>
    public static ProcessMark? Of(int pid) => ReadStartTicks(pid) is { } ticks ? new ProcessMark(pid, ticks, CurrentBoot) : null;

    public bool Signal(int signal) => IsAlive && Unix.Signal(Pid, signal);

    /// <summary>Signals, waits, and after the time-out kills. True when it ended by itself.</summary>
    public async Task<bool> StopAsync(int signal, TimeSpan timeout, int lastSignal = Unix.SigKill)
    {
        Signal(signal);
        if (await WaitForExitAsync(timeout))
        {
            return true;
        }

        Signal(lastSignal);
        await WaitForExitAsync(TimeSpan.FromSeconds(10));
        return false;
    }

    public async Task<bool> WaitForExitAsync(TimeSpan timeout)
    {
        var started = TimeProvider.System.GetTimestamp();
        while (IsAlive)
        {
            if (TimeProvider.System.GetElapsedTime(started) > timeout)
            {
                return false;
            }

            await Task.Delay(20);
        }

        return true;
    }

    /// <summary>The arguments, or empty when it has gone.</summary>
    public static IReadOnlyList<string> CommandLineOf(int pid)
    {
        try
        {
            return File.ReadAllText($"/proc/{pid}/cmdline").Split('\0', StringSplitOptions.RemoveEmptyEntries);
        }
        catch (IOException)
        {
            return [];
        }
        catch (UnauthorizedAccessException)
        {
            return [];
        }
    }

    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Pid} {StartTicks} {Boot}");

    public static ProcessMark? Parse(string text)
    {
        var fields = text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);
        return fields.Length >= 3
            && int.TryParse(fields[0], CultureInfo.InvariantCulture, out var pid)
            && long.TryParse(fields[1], CultureInfo.InvariantCulture, out var ticks)
            ? new ProcessMark(pid, ticks, fields[2])
            : null;
    }

    private static long? ReadStartTicks(int pid)
    {
        try
        {
            // The second field is the name in parentheses and may hold anything, so count from the last parenthesis.
            var stat = File.ReadAllText($"/proc/{pid}/stat");
            var fields = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
            return fields[0] is "Z" or "X" ? null : long.Parse(fields[19], CultureInfo.InvariantCulture);
        }
        catch (IOException)
        {
            return null;
        }
    }
}
