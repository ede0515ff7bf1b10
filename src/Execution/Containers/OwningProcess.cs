using System.Globalization;
using PRTS.Supervisor.Protocol;

namespace PRTS.Execution.Containers;

/// <summary>
/// Says in a label which process something in the engine ends with, for those whose jobs nobody adopts (<c>prts run</c>): the start of the
/// machine, the namespace that its number counts in, the number and the start of the process.
/// </summary>
internal static class OwningProcess
{
    public static string Current
    {
        get
        {
            var (pid, start) = ProcessIdentity.Current;
            return string.Create(CultureInfo.InvariantCulture, $"{Boot()} {Namespace()} {pid} {start}");
        }
    }

    /// <summary>For certain: of a process that cannot be seen from here nothing is known.</summary>
    public static bool IsGone(string label) =>
        label.Split(' ') is [var boot, var space, var pid, var start]
        && (boot != Boot() || (space == Namespace() && ProcessIdentity.Parse($"{pid} {start}") is { IsAlive: false }));

    private static string Boot() => File.ReadAllText("/proc/sys/kernel/random/boot_id").Trim();

    private static string Namespace() => File.ResolveLinkTarget("/proc/self/ns/pid", returnFinalTarget: false)?.Name ?? "";
}
