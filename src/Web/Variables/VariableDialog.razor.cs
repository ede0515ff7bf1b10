using Microsoft.AspNetCore.Components;
using MudBlazor;
using PRTS.Contracts.Access;
using PRTS.Pipelines.Planning;
using PRTS.Storage.Variables;
using PRTS.Web.Audit;
using PRTS.Web.Rest;

namespace PRTS.Web.Variables;

/// <summary>Sets a variable of a tenant, an organization or a project.</summary>
public partial class VariableDialog
{
    private string name = "";
    private string value = "";
    private string environment = "";
    private string branch = "";
    private string? problem;

    [CascadingParameter] private IMudDialogInstance Dialog { get; set; } = null!;

    [Parameter, EditorRequired] public string Tenant { get; set; } = "";

    [Parameter, EditorRequired] public AccessScope Place { get; set; }

    /// <summary>Null: a new one.</summary>
    [Parameter] public ProjectVariable? Variable { get; set; }

    /// <summary>Who sets it.</summary>
    [Parameter, EditorRequired] public string Actor { get; set; } = "";

    [Inject] private PageAudit Audit { get; set; } = null!;

    [Inject] private VariablesStore Store { get; set; } = null!;

    protected override void OnInitialized()
    {
        if (Variable is { } known) (name, value, environment, branch) = (known.Name, known.Value, known.Environment ?? "", known.Branch ?? "");
    }

    private async Task Save()
    {
        var variable = new ProjectVariable { Name = name.Trim(), Value = value ?? "", Environment = Given(environment), Branch = Given(branch), UpdatedBy = Actor };
        problem = ProjectVariables.Problem(variable);
        if (problem is not null) return;
        var before = await VariableAudit.Before(Store, Tenant, Place, variable.Name, variable.Environment, variable.Branch);
        await Audit.Allowed("variable:set", VariableAudit.Target(Place, variable.Name), VariableAudit.Fields(variable), before);
        if (await Store.Set(Tenant, Place, variable))
        {
            Dialog.Close();
            return;
        }

        problem = $"{Places.Words(Place)} has {VariablesStore.Most} variables, the most that it can have.";
        await Audit.Failed("variable:set", VariableAudit.Target(Place, variable.Name), problem);
    }

    private static string? Given(string? text) => string.IsNullOrWhiteSpace(text) ? null : text.Trim();
}
