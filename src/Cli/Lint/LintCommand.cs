using System.CommandLine;
using PRTS.Cli.Connection;
using PRTS.Pipelines;
using PRTS.Pipelines.Parsing;

namespace PRTS.Cli.Lint;

/// <summary><c>prts lint</c>: everything that is wrong in pipeline files, without a server.</summary>
internal static class LintCommand
{
    public static Command Create()
    {
        var files = new Argument<string[]>("file") { Description = "Pipeline files (all .prts/*.yaml here)", Arity = ArgumentArity.ZeroOrMore };
        var json = Options.Json();
        var command = new Command("lint", "Check pipeline files") { files, json };
        command.SetAction(parsed =>
        {
            var paths = parsed.GetValue(files) is { Length: > 0 } given ? given : FindFiles();
            var errors = paths.SelectMany(Check).ToList();
            if (parsed.GetValue(json))
            {
                CliJson.Print<IReadOnlyList<Diagnostic>>(errors);
            }
            else
            {
                errors.ForEach(error => Console.Error.WriteLine(error));
                Console.Out.WriteLine(errors.Count > 0
                    ? $"{errors.Count} {(errors.Count == 1 ? "error" : "errors")} in {paths.Length} {(paths.Length == 1 ? "file" : "files")}"
                    : $"{string.Join(", ", paths)}: nothing is wrong");
            }

            return errors.Count > 0 ? ExitCodes.Invalid : ExitCodes.Succeeded;
        });
        return command;
    }

    /// <summary>As a push would find them, from anywhere in the working tree.</summary>
    private static string[] FindFiles()
    {
        for (var at = new DirectoryInfo(Directory.GetCurrentDirectory()); at is not null; at = at.Parent)
        {
            var folder = Path.Combine(at.FullName, ".prts");
            if (Directory.Exists(folder))
            {
                var files = Directory.EnumerateFiles(folder).Where(f => Path.GetExtension(f) is ".yaml" or ".yml").Order(StringComparer.Ordinal);
                return [.. files.Select(f => Path.GetRelativePath(Directory.GetCurrentDirectory(), f))];
            }
        }

        throw new UserError("There is no directory .prts with pipeline files here or above. Name a file: prts lint FILE", ExitCodes.Invalid);
    }

    private static IReadOnlyList<Diagnostic> Check(string path)
    {
        try
        {
            return PipelineParser.Parse(path, File.ReadAllText(path)).Errors;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new UserError($"{path} cannot be read: {error.Message}", ExitCodes.Invalid);
        }
    }
}
