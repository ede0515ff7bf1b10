namespace PRTS.Supervisor.Protocol;

/// <summary>Names inside a job's directory. The supervisor's working directory is that directory, so it uses them as they are.</summary>
public static class JobFiles
{
    /// <summary>The supervisor's pid and start time (clock ticks since boot), separated by a blank.</summary>
    public const string SupervisorPid = "supervisor.pid";

    /// <summary>Unix socket that takes one agent at a time.</summary>
    public const string ControlSocket = "control.sock";

    /// <summary>Append-only text of <see cref="JournalRecord"/> lines: the truth about the steps' processes.</summary>
    public const string Journal = "journal";

    /// <summary>Exit code of a supervisor that finds the job's journal, made by another one.</summary>
    public const int AlreadySupervised = 3;

    /// <summary>What the supervisor itself had to say before it died.</summary>
    public const string SupervisorErrors = "supervisor.err";

    /// <summary>What the steps see as /etc/hosts, when it is there (and the supervisor is root).</summary>
    public const string Hosts = "hosts";

    /// <summary>Log bytes in segment files; see <see cref="SpoolFiles"/>.</summary>
    public const string Spool = "spool";
}
