using System.Globalization;
using PRTS.Contracts.Builds;

namespace PRTS.Web.Builds;

/// <summary>Addresses of a build's page and of its parts in the API, as pages link to them.</summary>
internal static class BuildAddress
{
    /// <param name="attempt">Of the job, an earlier one than the last.</param>
    public static string Page(this BuildId build, string? job = null, int? attempt = null) =>
        $"/{build.Project}/builds/{Number(build)}" + (job is null ? "" : $"?job={Uri.EscapeDataString(job)}")
        + (attempt is { } number ? $"&attempt={number.ToString(CultureInfo.InvariantCulture)}" : "");

    /// <summary>The log of a job; <c>/lines</c> and <c>/live</c> are below it.</summary>
    public static string Log(this JobId job) => $"{Api(job.Build)}/jobs/{Uri.EscapeDataString(job.Name)}/log";

    public static string ArtifactFile(this JobId job, string artifact, string path) =>
        $"{Artifact(job, artifact)}/files/{string.Join('/', path.Split('/').Select(Uri.EscapeDataString))}";

    /// <param name="folder">Relative, without a slash at its end; empty for all of the artifact.</param>
    public static string ArtifactZip(this JobId job, string artifact, string folder) =>
        $"{Artifact(job, artifact)}/zip" + (folder.Length == 0 ? "" : $"?path={Uri.EscapeDataString(folder)}");

    private static string Artifact(JobId job, string artifact) =>
        $"{Api(job.Build)}/jobs/{Uri.EscapeDataString(job.Name)}/artifacts/{Uri.EscapeDataString(artifact)}";

    private static string Api(BuildId build) =>
        $"/api/v1/projects/{build.Project}/builds/{Number(build)}";

    private static string Number(BuildId build) => build.Number.ToString(CultureInfo.InvariantCulture);
}
