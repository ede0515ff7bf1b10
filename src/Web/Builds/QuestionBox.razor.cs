using System.Globalization;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.Components.Authorization;
using Microsoft.Extensions.Localization;
using PRTS.Api.Builds;
using PRTS.Audit;
using PRTS.Contracts;
using PRTS.Contracts.Access;
using PRTS.Contracts.Builds;
using PRTS.Web.Access;
using PRTS.Web.Audit;
using PRTS.Web.Resources;

namespace PRTS.Web.Builds;

/// <summary>Where people say whether a step that runs once has run.</summary>
public partial class QuestionBox
{
    private string? problem;
    private bool busy;

    [Parameter, EditorRequired] public JobId Job { get; set; }

    [Parameter, EditorRequired] public OnceQuestion Question { get; set; } = null!;

    [CascadingParameter] private Task<AuthenticationState> Authentication { get; set; } = null!;

    [Inject] private PageAudit Audit { get; set; } = null!;

    [Inject] private IGrainFactory Grains { get; set; } = null!;

    [Inject] private IAuthorizationService Authorization { get; set; } = null!;

    [Inject] private IStringLocalizer<UiText> Localizer { get; set; } = null!;

    private async Task Answer(bool ran)
    {
        busy = true;
        try
        {
            // Asked again at the moment of acting: the page may have been open for days.
            var user = (await Authentication).User;
            var action = "build:answer";
            var target = AuditTarget.In(Job.Build.Project.Org, Job.Build.Project.Name, "job", $"{Job.Build.Number.ToString(CultureInfo.InvariantCulture)}/{Job.Name}");
            if (!(await Authorization.AuthorizeAsync(user, Job.Build.Project, Permissions.PipelineRun)).Succeeded)
            {
                await Audit.Denied(action, target);
                problem = Localizer["NoPermission.Text"];
                return;
            }

            await Audit.Allowed(action, target, BuildAudit.Fields(new OnceAnswer { Step = Question.Step, Ran = ran }));
            problem = await Grains.Job(Job).Answer(user.Actor(), Question.Step, ran);
            await Audit.Failed(action, target, problem);
        }
        finally
        {
            busy = false;
        }
    }
}
