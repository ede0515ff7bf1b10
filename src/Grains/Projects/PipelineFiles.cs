using PRTS.Pipelines;
using PRTS.Pipelines.Planning;
using PRTS.Storage.Git;

namespace PRTS.Grains.Projects;

/// <summary>The pipeline language, as far as projects need it.</summary>
internal static class PipelineFiles
{
    public sealed record Parsed(string Path, IReadOnlyList<Diagnostic> Diagnostics);

    public static Parsed Read(PipelineFile file) => new(file.Path, [new Diagnostic
    {
        Code = "unsupported", File = file.Path, Line = 1, Column = 1, Message = "This server does not read pipeline files yet.",
    }]);

    public static bool FiltersPaths(Parsed file) => false;

    public static BuildPlan? Plan(Parsed file, TriggerEvent happened) => null;

    public static IEnumerable<(string File, string Cron)> Schedules(Parsed file) => [];
}
