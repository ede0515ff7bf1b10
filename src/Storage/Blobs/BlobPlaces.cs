using PRTS.Contracts.Builds;
using PRTS.Contracts.Projects;

namespace PRTS.Storage.Blobs;

/// <summary>Where things lie in the blob store: in their tenant's part of it, then by their kind. Each ends with a slash.</summary>
public static class BlobPlaces
{
    /// <summary>All logs of a tenant.</summary>
    public static string Logs(string tenant) => $"{tenant}/logs/";

    public static string Log(AttemptId attempt) => Of(attempt, "logs");

    public static string Artifacts(AttemptId attempt) => Of(attempt, "artifacts");

    public static string Caches(ProjectId project) => $"{project.Tenant}/caches/{project.Org}/{project.Name}/";

    private static string Of(AttemptId attempt, string kind)
    {
        var tenant = attempt.Job.Build.Project.Tenant;
        return $"{tenant}/{kind}{attempt.Key.AsSpan(tenant.Length)}/";
    }
}
