using PRTS.Api.Projects;
using PRTS.Audit;
using PRTS.Contracts.Projects;
using PRTS.Storage.Projects;
using PRTS.Web.Access;
using PRTS.Web.Audit;

namespace PRTS.Web.Projects;

/// <summary>How the audit log writes settings of projects, for the API and for pages.</summary>
internal static class ProjectAudit
{
    public static AuditFields Fields(RefProtection protection) => new() { ["refs"] = AuditValue.List(protection.Refs) };

    public static async Task<AuditFields?> Before(ProjectsReadModel projects, ProjectId project) => await projects.Get(project) is { } known ? Fields(known.Protection) : null;

    public static FormerState BeforeRequest { get; } = request =>
        Before(request.Get<ProjectsReadModel>(), new(request.HttpContext.User.Tenant(), request.Route("org"), request.Route("project")));
}
