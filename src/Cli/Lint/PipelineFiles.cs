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

    /// <summary>Of the working tree that the file is in; where there is none, the directory of <c>.prts</c>, or its own.</summary>
    public static string Root(string path)
    {
        var full = Path.GetFullPath(path);
        for (var at = Path.GetDirectoryName(full); at is not null; at = Path.GetDirectoryName(at))
        {
            if (Path.Exists(Path.Combine(at, ".git")))
            {
                return at;
            }
        }

        var folder = Path.GetDirectoryName(full)!;
        return Path.GetFileName(folder) == ".prts" ? Path.GetDirectoryName(folder)! : folder;
    }

    public static async Task<ParseResult> ParseAsync(string path)
    {
        try
        {
            return await PipelineParser.Parse(path, await File.ReadAllBytesAsync(path), new LocalTemplates(Root(path)).LoadAsync);
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
