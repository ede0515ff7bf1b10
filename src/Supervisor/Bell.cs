using PRTS.Supervisor.Protocol;

namespace PRTS.Supervisor;

/// <summary>
/// Tells the connected agent that journal or spool have grown. A slow agent gets fewer, newer notices, and growth of the log alone is
/// told no more often than every <see cref="PaceMs"/>.
/// </summary>
internal sealed class Bell
{
    private const long PaceMs = 10;
    private readonly object gate = new();
    private SupervisorStatus status;
    private long version = 1;
    private long urgentVersion = 1;
    private long told;

    public void Ring(long? journalLength = null, long? logLength = null, SpoolState? spool = null)
    {
        lock (gate)
        {
            var before = status;
            status = new(journalLength ?? before.JournalLength, logLength ?? before.LogLength, spool ?? before.Spool);
            version++;
            var urgent = status with { LogLength = before.LogLength } != before;
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
            (seen, told, toldAt) = (version, version, Environment.TickCount64);
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
