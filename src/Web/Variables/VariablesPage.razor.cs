using Microsoft.AspNetCore.Components;
using MudBlazor;
using PRTS.Audit;
using PRTS.Contracts.Access;
using PRTS.Pipelines.Planning;
using PRTS.Storage.Projects;
using PRTS.Storage.Variables;
using PRTS.Web.Access;

namespace PRTS.Web.Variables;

public partial class VariablesPage
{
    [Parameter] public string Org { get; set; } = "";

    [Parameter] public string Name { get; set; } = "";

    protected override AccessScope Scope => new(Org, Name);

    [PersistentState] public IReadOnlyList<ProjectVariable>? Variables { get; set; }

    [Inject] private VariablesStore Store { get; set; } = null!;

    [Inject] private ProjectsReadModel Projects { get; set; } = null!;

    [Inject] private IDialogService Dialogs { get; set; } = null!;

    protected override object Shown => (Org, Name);

    protected override bool Restored => Variables is not null;

    protected override async Task Load()
    {
        var id = Project(Org, Name);
        if (await Projects.Get(id, Leaving) is null)
        {
            Navigation.NotFound();
            return;
        }

        Variables = await Store.List(id, Leaving);
    }

    private async Task Edit(ProjectVariable? variable)
    {
        if (!await Allowed(Permissions.EnvironmentManage)) return;
        var parameters = new DialogParameters<VariableDialog>
        {
            { dialog => dialog.Project, Project(Org, Name) }, { dialog => dialog.Variable, variable }, { dialog => dialog.Actor, User.Actor() },
        };
        var dialog = await Dialogs.ShowAsync<VariableDialog>(variable?.Name ?? Localizer["Variables.New"], parameters);
        if (await dialog.Result is { Canceled: false }) await Reload();
    }

    private async Task Remove(ProjectVariable variable)
    {
        if (!await Allowed(Permissions.EnvironmentManage)) return;
        await Audit.Allowed("variable:remove", AuditTarget.In(Org, Name, "variable", variable.Name), new() { ["environment"] = variable.Environment ?? "", ["branch"] = variable.Branch ?? "" });
        await Store.Remove(Project(Org, Name), variable.Name, variable.Environment, variable.Branch);
        await Reload();
    }
}
