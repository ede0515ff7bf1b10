using PRTS.Pipelines.Parsing;

namespace PRTS.Cli.Lint;

/// <summary>The pipeline files of a working tree.</summary>
internal static class PipelineFiles
{
    /// <summary>As a push would find them, from anywhere in the working tree; relative to the current directory.</summary>
    public static IReadOnlyList<string> Find()
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

        throw new UserError("There is no directory .prts with pipeline files here or above. Name a file, for example: prts lint FILE", ExitCodes.Invalid);
    }

    public static ParseResult Parse(string path)
    {
        try
        {
            return PipelineParser.Parse(path, File.ReadAllBytes(path));
        }
        catch (UnauthorizedAccessException) when (Directory.Exists(path))
        {
            throw new UserError($"{path} is a directory. Name pipeline files, or none in the working tree to check all of .prts/", ExitCodes.Invalid);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new UserError($"{path} cannot be read: {error.Message}", ExitCodes.Invalid);
        }
    }
}
