using PRTS.Api.Projects;
using PRTS.Audit;
using PRTS.Contracts;
using PRTS.Contracts.Projects;
using PRTS.Storage.Projects;
using PRTS.Web.Access;
using PRTS.Web.Audit;

namespace PRTS.Web.Projects;

/// <summary>What the audit log says of projects, for the API and for pages.</summary>
public static class ProjectAudit
{
    public static AuditFields Fields(CreateProject request) => new() { ["org"] = request.Org, ["name"] = request.Name };

    public static AuditFields Fields(RefProtection protection) => new() { ["refs"] = AuditValue.List(protection.Refs) };

    public static async Task<AuditFields?> Before(ProjectsReadModel projects, ProjectId project) => await projects.Get(project) is { } known ? Fields(known.Protection) : null;

    public static FormerState BeforeRequest { get; } = request =>
        Before(request.Get<ProjectsReadModel>(), new(request.HttpContext.User.Tenant(), request.Route("org"), request.Route("project")));

    /// <summary>Whether a project there makes its organization, too, which then is recorded as such.</summary>
    public static async Task<bool> MakesOrganization(IGrainFactory grains, string tenant, string org) => await grains.Organization(tenant, org).Get() is null;
}
