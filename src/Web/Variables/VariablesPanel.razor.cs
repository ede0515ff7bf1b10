using Microsoft.AspNetCore.Components;
using MudBlazor;
using PRTS.Contracts.Access;
using PRTS.Pipelines.Planning;
using PRTS.Storage.Variables;
using PRTS.Web.Access;

namespace PRTS.Web.Variables;

/// <summary>The variables that reach a place, and changes to its own.</summary>
public partial class VariablesPanel
{
    private (AccessScope Place, bool Loaded) known;

    [Parameter, EditorRequired] public AccessScope Place { get; set; }

    /// <summary>Only those for this environment and for all; null: every one.</summary>
    [Parameter] public string? Environment { get; set; }

    /// <summary>Of its heading: 1 on a page of its own.</summary>
    [Parameter] public int Level { get; set; } = 2;

    [PersistentState] public IReadOnlyList<ProjectVariable>? Variables { get; set; }

    [Inject] private VariablesStore Store { get; set; } = null!;

    [Inject] private IDialogService Dialogs { get; set; } = null!;

    protected override AccessScope Scope => Place;

    private IReadOnlyList<ProjectVariable> Shown => Environment is null ? Variables! : [.. Variables!.Where(variable => variable.Environment is null || variable.Environment == Environment)];

    protected override async Task OnParametersSetAsync()
    {
        if (known == (Place, true)) return;
        var restored = !known.Loaded && Variables is not null;
        known = (Place, true);
        if (!restored) await Load();
    }

    private async Task Load() => Variables = await Store.Reaching(User.Tenant(), Place, Leaving);

    private async Task Edit(ProjectVariable? variable)
    {
        if (!await Allowed(Permissions.EnvironmentManage)) return;
        var parameters = new DialogParameters<VariableDialog>
        {
            { dialog => dialog.Tenant, User.Tenant() }, { dialog => dialog.Place, Place }, { dialog => dialog.Variable, variable }, { dialog => dialog.Actor, User.Actor() },
        };
        var dialog = await Dialogs.ShowAsync<VariableDialog>(variable?.Name ?? Localizer["Variables.New"], parameters);
        if (await dialog.Result is { Canceled: false }) await Load();
    }

    private async Task Remove(ProjectVariable variable)
    {
        if (!await Allowed(Permissions.EnvironmentManage)) return;
        await Audit.Allowed("variable:remove", VariableAudit.Target(Place, variable.Name), before: VariableAudit.Fields(variable));
        await Store.Remove(User.Tenant(), Place, variable.Name, variable.Environment, variable.Branch);
        await Load();
    }

    private static AccessScope Of(ProjectVariable variable) => new(variable.Org, variable.Project);
}
