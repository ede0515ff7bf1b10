using PRTS.Api;
using PRTS.Api.Builds;
using PRTS.Audit;
using PRTS.Contracts.Builds;
using PRTS.Storage.Builds;
using PRTS.Web.Audit;
using PRTS.Web.Rest;

namespace PRTS.Web.Builds;

/// <summary>What the audit log says of builds, for the API and for pages.</summary>
public static class BuildAudit
{
    /// <summary>Of the inputs the names: a value may be anything.</summary>
    public static AuditFields Fields(StartBuild request) => new()
    {
        ["ref"] = request.Ref ?? "",
        ["commit"] = request.Commit ?? "",
        ["file"] = request.File ?? "",
        ["inputs"] = request.Inputs is { } inputs ? string.Join(' ', inputs.Keys.Order(StringComparer.Ordinal)) : "",
    };

    /// <summary>As it was asked for: no jobs are those that failed or were canceled.</summary>
    public static AuditFields Fields(RerunJobs request) => new() { ["jobs"] = AuditValue.List(request.Jobs ?? []), ["fromFailedStep"] = request.FromFailedStep };

    public static AuditFields Fields(OnceAnswer answer) => new() { ["step"] = answer.Step, ["ran"] = answer.Ran };

    /// <summary>The jobs that are run again, with those that need them, each with what became of it before; null: there are none.</summary>
    public static async Task<AuditFields?> Before(BuildsReadModel builds, BuildId id, RerunJobs request, CancellationToken cancellationToken = default)
    {
        if (await builds.Get(id, cancellationToken) is not { } build) return null;
        List<JobSummary> all = [.. (build.Stages ?? []).SelectMany(stage => stage.Jobs)];
        var again = all.Where(job => request.Jobs is { Count: > 0 } asked ? asked.Contains(job.Key, StringComparer.Ordinal) : job.Status is RunStatus.Failed or RunStatus.Canceled)
            .Select(job => job.Key).ToHashSet(StringComparer.Ordinal);
        for (var before = 0; before < again.Count;)
        {
            before = again.Count;
            again.UnionWith([.. all.Where(job => job.Needs.Any(again.Contains)).Select(job => job.Key)]);
        }

        return again.Count == 0 ? null : new() { ["jobs"] = AuditValue.List([.. all.Where(job => again.Contains(job.Key)).Select(job => $"{job.Key} {job.Status.ToString().ToLowerInvariant()}")]) };
    }

    internal static FormerState BeforeRerun { get; } = async request =>
        request.Arguments.OfType<RerunJobs>().FirstOrDefault() is { } jobs && request.Arguments.OfType<BuildRoute>().FirstOrDefault() is { Org: not null } route
            ? await Before(request.Get<BuildsReadModel>(), route.Id, jobs, request.HttpContext.RequestAborted)
            : null;
}
