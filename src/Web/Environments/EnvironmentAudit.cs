using PRTS.Api.Environments;
using PRTS.Audit;
using PRTS.Contracts.Projects;
using PRTS.Storage.Environments;
using PRTS.Web.Access;
using PRTS.Web.Audit;

namespace PRTS.Web.Environments;

/// <summary>How the audit log writes settings of environments, for the API and for pages.</summary>
internal static class EnvironmentAudit
{
    public static AuditTarget Target(ProjectId project, string name) => AuditTarget.In(project.Org, project.Name, "environment", name);

    public static AuditFields Fields(EnvironmentSettings settings) => new()
    {
        ["approvals"] = settings.Approvals,
        ["approvers"] = string.Join(' ', settings.Approvers),
        ["allowSelfApproval"] = settings.AllowSelfApproval,
        ["waitMinutes"] = settings.WaitMinutes,
        ["branches"] = string.Join(' ', settings.Branches),
    };

    public static async Task<AuditFields?> Before(EnvironmentsStore store, ProjectId project, string name) => await store.Find(project, name) is { } settings ? Fields(settings) : null;

    public static FormerState BeforeRequest { get; } = request =>
        Before(request.Get<EnvironmentsStore>(), new(request.HttpContext.User.Tenant(), request.Route("org"), request.Route("project")), request.Route("name"));
}
