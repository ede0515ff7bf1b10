using PRTS.Execution.Images;
using Xunit.Runner.InProc.SystemConsole;

namespace PRTS.Execution.Tests;

/// <summary>The tests, and the process of a step that builds an image, which is the program that runs the job.</summary>
internal static class Program
{
    private static Task<int> Main(string[] args) => args is [ImageBuild.Verb, var order] ? ImageBuild.Run(order) : ConsoleRunner.Run(args);
}
