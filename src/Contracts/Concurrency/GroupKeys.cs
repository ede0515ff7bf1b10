using PRTS.Contracts.Builds;
using PRTS.Contracts.Projects;

namespace PRTS.Contracts.Concurrency;

/// <summary>Keys of concurrency groups. Those of builds and those of jobs are apart: a job could otherwise wait for its own build.</summary>
public static class GroupKeys
{
    /// <summary>Segments of a project's key, and <c>builds</c> or <c>jobs</c>.</summary>
    private const int Before = 4;

    public static string OfBuilds(ProjectId project, string group) => $"{project.Key}/builds/{group}";

    public static string OfJobs(ProjectId project, string group) => $"{project.Key}/jobs/{group}";

    /// <summary>The group as the pipeline names it.</summary>
    public static string NameOf(string key) => key.Split('/', Before + 1)[Before];

    /// <summary>Whether a member's key is that of a job, else of a build.</summary>
    internal static bool IsJob(string member) => member.Count(c => c == '/') == JobSlashes;

    private static readonly int JobSlashes = new JobId(new(new("t", "o", "p"), 1), "j").Key.Count(c => c == '/');
}
