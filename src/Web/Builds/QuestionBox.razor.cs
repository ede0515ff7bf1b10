using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.Components.Authorization;
using Microsoft.Extensions.Localization;
using PRTS.Api.Builds;
using PRTS.Contracts;
using PRTS.Contracts.Access;
using PRTS.Contracts.Builds;
using PRTS.Web.Access;
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
            problem = (await Authorization.AuthorizeAsync(user, Job.Build.Project, Permissions.PipelineRun)).Succeeded
                ? await Grains.Job(Job).Answer(user.Actor(), Question.Step, ran)
                : Localizer["NoPermission.Text"];
        }
        finally
        {
            busy = false;
        }
    }
}
