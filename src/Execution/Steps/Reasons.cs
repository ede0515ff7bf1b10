using System.Globalization;
using System.Runtime.InteropServices;
using PRTS.Supervisor.Protocol;

namespace PRTS.Execution.Steps;

/// <summary>Says in English how a process ended.</summary>
internal static class Reasons
{
    private static readonly string[] Signals =
    [
        "", "SIGHUP", "SIGINT", "SIGQUIT", "SIGILL", "SIGTRAP", "SIGABRT", "SIGBUS", "SIGFPE", "SIGKILL", "SIGUSR1", "SIGSEGV", "SIGUSR2",
        "SIGPIPE", "SIGALRM", "SIGTERM", "SIGSTKFLT", "SIGCHLD", "SIGCONT", "SIGSTOP", "SIGTSTP", "SIGTTIN", "SIGTTOU", "SIGURG", "SIGXCPU",
        "SIGXFSZ", "SIGVTALRM", "SIGPROF", "SIGWINCH", "SIGIO", "SIGPWR", "SIGSYS",
    ];

    /// <summary>These end the whole job, whatever step they met.</summary>
    public const string SupervisorStopped = "the supervisor was stopped";
    public const string SupervisorKilled = "the supervisor was killed";

    public const string MachineRestarted = "the machine restarted while the job ran";

    public static string StepTimedOut(TimeSpan timeout) => $"timed out after {Text(timeout)}";

    public static string JobTimedOut(TimeSpan timeout) => $"the job timed out after {Text(timeout)}";

    /// <summary>Whether it is one of those that are compared with.</summary>
    public static bool IsOwn(string reason) => reason is SupervisorStopped or SupervisorKilled or MachineRestarted
        || reason.StartsWith("timed out after ", StringComparison.Ordinal) || reason.StartsWith("the job timed out after ", StringComparison.Ordinal);

    /// <summary>Null for exit code 0.</summary>
    public static string? Of(ProcessExited exited) =>
        exited.Signal > 0 ? $"killed by signal {exited.Signal}{Name(exited.Signal)}"
        : exited.Code != 0 ? string.Create(CultureInfo.InvariantCulture, $"exited with code {exited.Code}")
        : null;

    public static string Refused(ProcessRefused refused, string program, string directory) =>
        $"{program} could not be started in {directory}: {Marshal.GetPInvokeErrorMessage(refused.Error)}";

    /// <summary>For example <c>1 h 30 min</c>, <c>10 s</c>, <c>250 ms</c>.</summary>
    public static string Text(TimeSpan time)
    {
        if (time < TimeSpan.FromSeconds(1))
            return string.Create(CultureInfo.InvariantCulture, $"{time.TotalMilliseconds:0} ms");
        var parts = new List<string>();
        Add((int)time.TotalHours, "h");
        Add(time.Minutes, "min");
        Add(time.Seconds, "s");
        return string.Join(' ', parts);

        void Add(int number, string unit)
        {
            if (number > 0)
                parts.Add(string.Create(CultureInfo.InvariantCulture, $"{number} {unit}"));
        }
    }

    private static string Name(int signal) => signal < Signals.Length ? $" ({Signals[signal]})" : "";
}
