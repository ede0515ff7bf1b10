using System.Globalization;

namespace PRTS.Supervisor.Protocol;

/// <summary>A pid alone may come to mean another process; with its start time it cannot.</summary>
/// <param name="StartTime">Clock ticks since boot.</param>
public readonly record struct ProcessIdentity(int Pid, long StartTime)
{
    public static ProcessIdentity Current => Of(Environment.ProcessId) ?? throw new InvalidOperationException("/proc is not mounted.");

    /// <summary>True while this very process lives (a zombie counts as dead).</summary>
    public bool IsAlive => Read(Pid) is var (_, startTime, state) && startTime == StartTime && state is not ('Z' or 'X');

    public static ProcessIdentity? Of(int pid) => Read(pid) is var (_, startTime, _) ? new(pid, startTime) : null;

    /// <summary>Parent, start time and state from <c>/proc/PID/stat</c>; null when there is no such process.</summary>
    public static (int Parent, long StartTime, char State)? Read(int pid)
    {
        string stat;
        try
        {
            stat = File.ReadAllText(string.Create(CultureInfo.InvariantCulture, $"/proc/{pid}/stat"));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null; // It ended meanwhile.
        }
        // The second field is the program's name in parentheses and may hold anything; the fields behind it begin with the state.
        var fields = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
        return (int.Parse(fields[1], CultureInfo.InvariantCulture), long.Parse(fields[19], CultureInfo.InvariantCulture), fields[0][0]);
    }

    public string ToLine() => string.Create(CultureInfo.InvariantCulture, $"{Pid} {StartTime}\n");

    public static ProcessIdentity? Parse(string line) =>
        line.TrimEnd('\n').Split(' ') is [var pid, var start]
        && int.TryParse(pid, CultureInfo.InvariantCulture, out var id) && long.TryParse(start, CultureInfo.InvariantCulture, out var time)
            ? new(id, time)
            : null;
}
