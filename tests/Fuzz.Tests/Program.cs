using PRTS.Fuzz.Tests.Loop;
using Xunit.Runner.InProc.SystemConsole;

namespace PRTS.Fuzz.Tests;

/// <summary>The tests, and the process of a search, which runs from a folder whose assemblies are instrumented.</summary>
internal static class Program
{
    private static Task<int> Main(string[] args) => args is [FuzzProcess.Verb, var order] ? Task.FromResult(FuzzProcess.Run(order)) : ConsoleRunner.Run(args);
}
