using PRTS.Supervisor.Protocol;

namespace PRTS.Supervisor;

/// <summary>Tells the connected agent that journal or spool have grown. A slow agent gets fewer, newer notices.</summary>
internal sealed class Bell
{
    private readonly object gate = new();
    private SupervisorStatus status;
    private long version = 1;

    public void Ring(long? journalLength = null, long? logLength = null, SpoolState? spool = null)
    {
        lock (gate)
        {
            status = new(journalLength ?? status.JournalLength, logLength ?? status.LogLength, spool ?? status.Spool);
            version++;
            Monitor.PulseAll(gate);
        }
    }

    /// <summary>Blocks until there is something newer than <paramref name="seen"/>, or <paramref name="givenUp"/> says that nobody listens any more.</summary>
    public SupervisorStatus? Next(ref long seen, Func<bool> givenUp)
    {
        lock (gate)
        {
            while (version == seen)
            {
                if (givenUp())
                    return null;
                Monitor.Wait(gate);
            }
            seen = version;
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
