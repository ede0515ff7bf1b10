using System.CommandLine;
using PRTS.Cli.Connection;
using PRTS.Pipelines;

namespace PRTS.Cli.Lint;

/// <summary><c>prts lint</c>: everything that is wrong in pipeline files, without a server.</summary>
internal static class LintCommand
{
    public static Command Create()
    {
        var files = new Argument<string[]>("file") { Description = "Pipeline files (all .prts/*.yaml here)", Arity = ArgumentArity.ZeroOrMore };
        var strict = new Option<bool>("--strict") { Description = "Warnings count as errors" };
        var json = Options.Json();
        var command = new Command("lint", "Check pipeline files") { files, strict, json };
        command.SetAction(async parsed =>
        {
            IReadOnlyList<string> paths = parsed.GetValue(files) is { Length: > 0 } given ? given : PipelineFiles.Find();
            var found = new List<Diagnostic>();
            foreach (var path in paths)
            {
                var result = await PipelineFiles.ParseAsync(path);
                found.AddRange([.. result.Errors, .. result.FindWarnings()]);
            }

            if (parsed.GetValue(json))
            {
                CliJson.Print<IReadOnlyList<Diagnostic>>(found);
            }
            else
            {
                found.ForEach(one => Console.Error.WriteLine(one));
                Console.Out.WriteLine(Summary(found, paths));
            }

            return found.Exists(one => one.Severity == DiagnosticSeverity.Error || parsed.GetValue(strict)) ? ExitCodes.Invalid : ExitCodes.Succeeded;
        });
        return command;
    }

    private static string Summary(List<Diagnostic> found, IReadOnlyList<string> paths)
    {
        var warnings = found.Count(one => one.Severity == DiagnosticSeverity.Warning);
        var counts = new[] { Count(found.Count - warnings, "error"), Count(warnings, "warning") }.OfType<string>().ToList();
        return counts.Count > 0 ? $"{string.Join(" and ", counts)} in {Count(paths.Count, "file")}" : $"{string.Join(", ", paths)}: nothing is wrong";
    }

    private static string? Count(int count, string what) => count == 0 ? null : $"{count} {what}{(count == 1 ? "" : "s")}";
}
