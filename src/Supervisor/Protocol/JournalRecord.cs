using System.Globalization;
using System.Text;

namespace PRTS.Supervisor.Protocol;

/// <summary>Why a step's process was told to end.</summary>
public enum EndCause
{
    /// <summary>It ended by itself.</summary>
    None = 0,
    Canceled = 1,
    TimedOut = 2,

    /// <summary>The supervisor got SIGTERM.</summary>
    Stopped = 3,
}

/// <summary>One line of the journal: tab-separated fields, ended by a line feed. A line without one was cut by a crash and counts for nothing.</summary>
/// <param name="At">Unix time in ms.</param>
public abstract record JournalRecord(long At)
{
    public abstract string ToLine();

    /// <summary>The records of all whole lines.</summary>
    public static IReadOnlyList<JournalRecord> ParseAll(ReadOnlySpan<byte> journal)
    {
        var records = new List<JournalRecord>();
        while (journal.IndexOf((byte)'\n') is >= 0 and var end)
        {
            records.Add(Parse(Encoding.ASCII.GetString(journal[..end])));
            journal = journal[(end + 1)..];
        }
        return records;
    }

    public static JournalRecord Parse(string line) => line.Split('\t') switch
    {
        ["started", var index, var pid, var startTime, var offset, var at] =>
            new ProcessStarted((int)Number(index), (int)Number(pid), Number(startTime), Number(offset), Number(at)),
        ["refused", var index, var error, var offset, var at] =>
            new ProcessRefused((int)Number(index), (int)Number(error), Number(offset), Number(at)),
        ["exited", var index, var code, var signal, var cause, var left, var offset, var at] =>
            new ProcessExited((int)Number(index), (int)Number(code), (int)Number(signal), (EndCause)Number(cause), (int)Number(left), Number(offset), Number(at)),
        ["stopped", var at] => new SupervisorStopped(Number(at)),
        _ => throw new FormatException($"The supervisor's journal has a line that this version does not know: '{line}'."),
    };

    private protected static string Join(params ReadOnlySpan<object> fields)
    {
        var line = new StringBuilder();
        foreach (var field in fields)
            line.Append(line.Length == 0 ? "" : "\t").Append(CultureInfo.InvariantCulture, $"{field}");
        return line.Append('\n').ToString();
    }

    private static long Number(string text) => long.Parse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture);
}

/// <summary>A step's main process runs. It leads its own session and process group.</summary>
/// <param name="Index">The step's position in the job.</param>
/// <param name="Pid">Also the process group's and the session's id.</param>
/// <param name="StartTime">Clock ticks since boot: together with the pid it names one process for ever.</param>
/// <param name="LogOffset">Length of the log before its first byte.</param>
public sealed record ProcessStarted(int Index, int Pid, long StartTime, long LogOffset, long At) : JournalRecord(At)
{
    public override string ToLine() => Join("started", Index, Pid, StartTime, LogOffset, At);
}

/// <summary>The process could not be started.</summary>
/// <param name="Error">errno.</param>
public sealed record ProcessRefused(int Index, int Error, long LogOffset, long At) : JournalRecord(At)
{
    public override string ToLine() => Join("refused", Index, Error, LogOffset, At);
}

/// <summary>The step's main process has ended, what it left behind is killed, and all output is spooled.</summary>
/// <param name="Code">Exit code; 0 when a signal ended it.</param>
/// <param name="Signal">The signal that ended it; 0 when it exited.</param>
/// <param name="Leftovers">Descendants that did not die within the time given to them.</param>
/// <param name="LogOffset">Length of the log after its last byte.</param>
public sealed record ProcessExited(int Index, int Code, int Signal, EndCause Cause, int Leftovers, long LogOffset, long At) : JournalRecord(At)
{
    public override string ToLine() => Join("exited", Index, Code, Signal, (int)Cause, Leftovers, LogOffset, At);
}

/// <summary>The supervisor ended because it got SIGTERM; nothing of the job runs any more.</summary>
public sealed record SupervisorStopped(long At) : JournalRecord(At)
{
    public override string ToLine() => Join("stopped", At);
}
