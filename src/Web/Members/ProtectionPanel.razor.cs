using Microsoft.AspNetCore.Components;
using MudBlazor;
using PRTS.Api.Projects;
using PRTS.Contracts;
using PRTS.Contracts.Access;
using PRTS.Contracts.Projects;
using PRTS.Storage.Projects;
using PRTS.Web.Access;
using PRTS.Web.Projects;

namespace PRTS.Web.Members;

/// <summary>Which branches and tags of the project are protected.</summary>
public partial class ProtectionPanel
{
    private static readonly char[] Between = [' ', ',', '\n', '\t'];
    private string text = "";
    private RefProtection? shown;

    [Parameter, EditorRequired] public RefProtection Protection { get; set; } = new();

    [Inject] private IGrainFactory Grains { get; set; } = null!;

    [Inject] private ProjectsReadModel Projects { get; set; } = null!;

    [Inject] private ISnackbar Snackbar { get; set; } = null!;

    protected override async Task OnParametersSetAsync()
    {
        await base.OnParametersSetAsync();
        // What somebody writes stays when the page reads again and nothing is new.
        if (shown is not null && shown.Refs.SequenceEqual(Protection.Refs, StringComparer.Ordinal)) return;
        (shown, text) = (Protection, string.Join(' ', Protection.Refs));
    }

    private async Task Save()
    {
        var protection = new RefProtection { Refs = text.Split(Between, StringSplitOptions.RemoveEmptyEntries) };
        var project = new ProjectId(User.Tenant(), Scope.Org!, Scope.Project!);
        if (protection.Problem() is { } problem) Problem = problem;
        else if (await Make(Permissions.RepositoryManage, "project:protect", Target("project", ""), ProjectAudit.Fields(protection), _ => Protect(project, protection), _ => ProjectAudit.Before(Projects, project)))
            Snackbar.Add(Localizer["Protection.Saved"], Severity.Success);
    }

    private async Task<Refused?> Protect(ProjectId project, RefProtection protection) =>
        await Grains.Project(project).Protect(protection) is null ? new(Refusal.NotFound, Localizer["NotFound.Text"]) : null;
}
