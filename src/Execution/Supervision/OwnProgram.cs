using System.Reflection;

namespace PRTS.Execution.Supervision;

/// <summary>How this very program is started again, for work that outlives it.</summary>
internal static class OwnProgram
{
    public static IReadOnlyList<string> CommandLine { get; } = System.Environment.ProcessPath is { } path && Path.GetFileName(path) != "dotnet"
        ? [path]
        : [System.Environment.ProcessPath ?? "dotnet", Assembly.GetEntryAssembly()!.Location];
}
