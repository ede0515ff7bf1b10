using PRTS.Supervisor.Protocol;

namespace PRTS.Supervisor;

/// <summary>
/// Tells the connected agent that journal or spool have grown. A slow agent gets fewer, newer notices, and a log that grows by little
/// is told of at once after a silence, then every <see cref="PaceMs"/>: of 20 jobs that print 200 lines a second each, a message a line
/// takes both cores of a small machine (docs/benchmarks.md), and nobody sees a screen change faster than this.
/// </summary>
internal sealed class Bell
{
    private const long PaceMs = 25;
    private const long Much = 64 << 10;
    private readonly object gate = new();
    private SupervisorStatus status;
    private long version = 1;
    private long urgentVersion = 1;
    private long told;
    private long toldLength;

    public void Ring(long? journalLength = null, long? logLength = null, SpoolState? spool = null)
    {
        lock (gate)
        {
            var before = status;
            status = new(journalLength ?? before.JournalLength, logLength ?? before.LogLength, spool ?? before.Spool);
            version++;
            var urgent = status with { LogLength = before.LogLength } != before || status.LogLength - toldLength >= Much;
            if (urgent)
                urgentVersion = version;
            // Who knows already that the log has grown waits for the clock.
            if (urgent || version == told + 1)
                Monitor.PulseAll(gate);
        }
    }

    /// <summary>Blocks until there is something newer than <paramref name="seen"/>, or <paramref name="givenUp"/> says that nobody listens any more.</summary>
    /// <param name="toldAt">When the notice before this one was given, in <see cref="Environment.TickCount64"/>.</param>
    public SupervisorStatus? Next(ref long seen, ref long toldAt, Func<bool> givenUp)
    {
        lock (gate)
        {
            while (version == seen)
            {
                if (givenUp())
                    return null;
                Monitor.Wait(gate);
            }
            while (urgentVersion <= seen && toldAt + PaceMs - Environment.TickCount64 is > 0 and var left && !givenUp())
                Monitor.Wait(gate, (int)left);
            (seen, told, toldAt, toldLength) = (version, version, Environment.TickCount64, status.LogLength);
            return givenUp() ? null : status;
        }
    }

    /// <summary>Makes waiters look again at whether they were given up.</summary>
    public void Wake()
    {
        lock (gate)
            Monitor.PulseAll(gate);
    }
}
