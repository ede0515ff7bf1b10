using System.CommandLine;

namespace PRTS.Cli;

/// <summary>Options that several commands have.</summary>
internal static class Options
{
    public static Option<bool> Json() => new("--json") { Description = "Print JSON" };

    public static Option<int> Limit() => new("--limit", "-n") { Description = "How many at most (50)", HelpName = "count", DefaultValueFactory = _ => 50 };
}
