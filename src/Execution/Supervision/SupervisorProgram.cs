using PRTS.Execution.Users;

namespace PRTS.Execution.Supervision;

/// <summary>How the supervisor's program is started: native, or by the runtime.</summary>
internal static class SupervisorProgram
{
    public static IReadOnlyList<string> CommandLine(string path, IEnumerable<string> arguments) =>
        path.EndsWith(".dll", StringComparison.Ordinal) ? [Host(), path, .. arguments] : [path, .. arguments];

    /// <summary>Not our environment: it may hold the agent's secrets, and the supervisor needs none of it.</summary>
    public static IReadOnlyDictionary<string, string> Environment()
    {
        var environment = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["PATH"] = SearchPath.Own,
            ["DOTNET_EnableDiagnostics"] = "0",
            ["DOTNET_TieredCompilation"] = "1",
        };
        foreach (System.Collections.DictionaryEntry variable in System.Environment.GetEnvironmentVariables())
            if (variable.Key is string name && name.StartsWith("DOTNET_ROOT", StringComparison.Ordinal) && variable.Value is string value)
                environment[name] = value;
        return environment;
    }

    private static string Host() => System.Environment.ProcessPath is { } host && Path.GetFileName(host) == "dotnet" ? host : OptionsCheck.Find("dotnet") ?? "dotnet";
}
