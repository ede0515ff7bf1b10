using Microsoft.AspNetCore.Components;
using MudBlazor;
using PRTS.Api.Environments;
using PRTS.Contracts.Projects;
using PRTS.Storage.Environments;
using PRTS.Web.Audit;

namespace PRTS.Web.Environments;

/// <summary>Sets what an environment asks of deployments.</summary>
public partial class EnvironmentDialog
{
    private string name = "";
    private int approvals;
    private string approvers = "";
    private bool others;
    private int wait;
    private string branches = "";
    private string? problem;

    [CascadingParameter] private IMudDialogInstance Dialog { get; set; } = null!;

    [Parameter, EditorRequired] public ProjectId Project { get; set; }

    /// <summary>Null: a new one.</summary>
    [Parameter] public EnvironmentSummary? Environment { get; set; }

    [Inject] private PageAudit Audit { get; set; } = null!;

    [Inject] private EnvironmentsStore Store { get; set; } = null!;

    protected override void OnInitialized()
    {
        if (Environment is not { Settings: var settings }) return;
        name = Environment.Name;
        (approvals, others, wait) = (settings.Approvals, !settings.AllowSelfApproval, settings.WaitMinutes);
        (approvers, branches) = (string.Join(", ", settings.Approvers), string.Join(", ", settings.Branches));
    }

    private async Task Save()
    {
        var settings = new EnvironmentSettings
        {
            Approvals = approvals,
            Approvers = Words(approvers),
            AllowSelfApproval = !others,
            WaitMinutes = wait,
            Branches = Words(branches),
        };
        problem = EnvironmentChecks.Problem(name.Trim(), settings);
        if (problem is not null) return;
        await Audit.Allowed("environment:set", EnvironmentAudit.Target(Project, name.Trim()), EnvironmentAudit.Fields(settings), await EnvironmentAudit.Before(Store, Project, name.Trim()));
        await Store.Set(Project, name.Trim(), settings);
        Dialog.Close();
    }

    private static List<string> Words(string text) => [.. text.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)];
}
