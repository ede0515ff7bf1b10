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
        var json = Options.Json();
        var command = new Command("lint", "Check pipeline files") { files, json };
        command.SetAction(async parsed =>
        {
            IReadOnlyList<string> paths = parsed.GetValue(files) is { Length: > 0 } given ? given : PipelineFiles.Find();
            var errors = new List<Diagnostic>();
            foreach (var path in paths)
            {
                errors.AddRange((await PipelineFiles.ParseAsync(path)).Errors);
            }

            if (parsed.GetValue(json))
            {
                CliJson.Print<IReadOnlyList<Diagnostic>>(errors);
            }
            else
            {
                errors.ForEach(error => Console.Error.WriteLine(error));
                Console.Out.WriteLine(errors.Count > 0
                    ? $"{errors.Count} {(errors.Count == 1 ? "error" : "errors")} in {paths.Count} {(paths.Count == 1 ? "file" : "files")}"
                    : $"{string.Join(", ", paths)}: nothing is wrong");
            }

            return errors.Count > 0 ? ExitCodes.Invalid : ExitCodes.Succeeded;
        });
        return command;
    }
}
