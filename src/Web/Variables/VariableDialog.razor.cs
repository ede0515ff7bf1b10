using Microsoft.AspNetCore.Components;
using MudBlazor;
using PRTS.Audit;
using PRTS.Contracts.Projects;
using PRTS.Pipelines.Planning;
using PRTS.Storage.Variables;
using PRTS.Web.Audit;

namespace PRTS.Web.Variables;

/// <summary>Sets a variable of a project.</summary>
public partial class VariableDialog
{
    private string name = "";
    private string value = "";
    private string environment = "";
    private string branch = "";
    private string? problem;

    [CascadingParameter] private IMudDialogInstance Dialog { get; set; } = null!;

    [Parameter, EditorRequired] public ProjectId Project { get; set; }

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
        await Audit.Allowed("variable:set", AuditTarget.In(Project.Org, Project.Name, "variable", variable.Name), new() { ["value"] = variable.Value, ["environment"] = variable.Environment ?? "", ["branch"] = variable.Branch ?? "" });
        if (await Store.Set(Project, variable)) Dialog.Close();
        else problem = $"{Project} has {VariablesStore.Most} variables, the most that it can have.";
    }

    private static string? Given(string? text) => string.IsNullOrWhiteSpace(text) ? null : text.Trim();
}
