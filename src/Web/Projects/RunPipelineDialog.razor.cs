using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.Components.Authorization;
using MudBlazor;
using PRTS.Api.Builds;
using PRTS.Contracts;
using PRTS.Contracts.Projects;
using PRTS.Web.Access;

namespace PRTS.Web.Projects;

public partial class RunPipelineDialog
{
    private string? problem;
    private bool busy;

    [CascadingParameter] private IMudDialogInstance Dialog { get; set; } = null!;

    [CascadingParameter] private Task<AuthenticationState> Authentication { get; set; } = null!;

    [Parameter, EditorRequired] public ProjectId Project { get; set; }

    [Parameter] public string Branch { get; set; } = "";

    [Inject] private IGrainFactory Grains { get; set; } = null!;

    [Inject] private NavigationManager Navigation { get; set; } = null!;

    private async Task Run()
    {
        busy = true;
        try
        {
            var request = new StartBuild { Ref = string.IsNullOrWhiteSpace(Branch) ? null : Branch.Trim() };
            var result = await Grains.Project(Project).Start(request, (await Authentication).User.Actor());
            problem = result.Problem;
            if (problem is not null) return;
            Dialog.Close();
            if (result.Builds is [var only]) Navigation.NavigateTo($"/{Project}/builds/{only.Number}");
        }
        finally
        {
            busy = false;
        }
    }
}
