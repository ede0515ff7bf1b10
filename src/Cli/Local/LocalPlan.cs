using PRTS.Cli.Lint;
using PRTS.Pipelines.Parsing;
using PRTS.Pipelines.Planning;

namespace PRTS.Cli.Local;

/// <summary>What the planner, which is the server's, makes of a pipeline file of this working tree.</summary>
internal static class LocalPlan
{
    public const string Default = "pipeline.yaml";

    /// <summary>Null when the file is wrong; what is wrong has been said.</summary>
    /// <exception cref="UserError">No trigger asks for the event, or the inputs cannot be.</exception>
    public static async Task<BuildPlan?> OfAsync(string? file, TriggerEvent happened)
    {
        var path = file ?? Choose(PipelineFiles.Find());
        var result = await PipelineFiles.ParseAsync(path);
        if (result.Pipeline is not { } pipeline)
        {
            result.Errors.ToList().ForEach(error => Console.Error.WriteLine(error));
            return null;
        }

        CheckInputs(pipeline, happened.Inputs);
        return Planner.Plan(pipeline with { File = InRepository(path) }, happened)
            ?? throw new UserError($"No trigger of {path} asks for a {happened.Kind} of {happened.Ref}.", ExitCodes.Invalid);
    }

    private static void CheckInputs(PipelineDefinition pipeline, IReadOnlyDictionary<string, string>? given)
    {
        var known = pipeline.Inputs.Select(input => input.Name).ToList();
        var problems = InputValues.Problems(pipeline, given)
            .Concat((given?.Keys ?? []).Where(name => !known.Contains(name)).Select(name => $"There is no input '{name}'; {(known.Count == 0 ? "the pipeline has none" : $"there are {string.Join(", ", known)}")}.")).ToList();
        if (problems.Count > 0)
        {
            throw new UserError(string.Join('\n', problems), ExitCodes.Invalid);
        }
    }

    private static string Choose(IReadOnlyList<string> files) =>
        files.FirstOrDefault(path => Path.GetFileName(path) == Default) ?? (files is [var only] ? only
            : throw new UserError($"Which pipeline? Name one of {string.Join(", ", files)}.", ExitCodes.Invalid));

    /// <summary>As the server names it: below the working tree's root.</summary>
    private static string InRepository(string path)
    {
        var root = PipelineFiles.Root(path);
        return Path.Exists(Path.Combine(root, ".git")) ? Path.GetRelativePath(root, Path.GetFullPath(path)) : path;
    }
}
