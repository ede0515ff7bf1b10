using System.Globalization;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.Components.Authorization;
using Microsoft.Extensions.Localization;
using PRTS.Api.Environments;
using PRTS.Audit;
using PRTS.Contracts;
using PRTS.Contracts.Access;
using PRTS.Contracts.Builds;
using PRTS.Web.Access;
using PRTS.Web.Audit;
using PRTS.Web.Resources;

namespace PRTS.Web.Environments;

/// <summary>Where people say whether a deployment may go on.</summary>
public partial class ApprovalBox
{
    private string comment = "";
    private string? problem;
    private bool busy;

    [Parameter, EditorRequired] public JobId Job { get; set; }

    [Parameter, EditorRequired] public ApprovalSummary Waits { get; set; } = null!;

    [CascadingParameter] private Task<AuthenticationState> Authentication { get; set; } = null!;

    [Inject] private PageAudit Audit { get; set; } = null!;

    [Inject] private IGrainFactory Grains { get; set; } = null!;

    [Inject] private IAuthorizationService Authorization { get; set; } = null!;

    [Inject] private IStringLocalizer<UiText> Localizer { get; set; } = null!;

    private async Task Decide(bool approves)
    {
        busy = true;
        try
        {
            // Asked again at the moment of acting: the page may have been open for days.
            var user = (await Authentication).User;
            var action = approves ? "deployment:approve" : "deployment:reject";
            var target = AuditTarget.In(Job.Build.Project.Org, Job.Build.Project.Name, "job", $"{Job.Build.Number.ToString(CultureInfo.InvariantCulture)}/{Job.Name}");
            if (!(await Authorization.AuthorizeAsync(user, Job.Build.Project, Permissions.EnvironmentApprove)).Succeeded)
            {
                await Audit.Denied(action, target);
                problem = Localizer["NoPermission.Text"];
                return;
            }

            await Audit.Allowed(action, target, new() { ["comment"] = comment.Trim() });
            problem = await Grains.Job(Job).Decide(user.Actor(), approves, comment.Trim());
            await Audit.Failed(action, target, problem);
        }
        finally
        {
            busy = false;
        }
    }
}
