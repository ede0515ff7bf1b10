using System.Globalization;
using Microsoft.AspNetCore.Components;
using MudBlazor;
using PRTS.Api;
using PRTS.Api.Builds;
using PRTS.Api.Environments;
using PRTS.Audit;
using PRTS.Contracts;
using PRTS.Contracts.Access;
using PRTS.Contracts.Builds;
using PRTS.Storage.Builds;
using PRTS.Storage.Environments;
using PRTS.Storage.Projects;
using PRTS.Web.Access;
using PRTS.Web.Builds;

namespace PRTS.Web.Environments;

public partial class EnvironmentsPage
{
    private const int PageSize = 25;

    [Parameter] public string Org { get; set; } = "";

    [Parameter] public string Name { get; set; } = "";

    protected override AccessScope Scope => new(Org, Name);

    /// <summary>Whose history is shown.</summary>
    [SupplyParameterFromQuery(Name = "name")] public string? Selected { get; set; }

    [SupplyParameterFromQuery] public int? Page { get; set; }

    [PersistentState] public IReadOnlyList<EnvironmentSummary>? Environments { get; set; }

    [PersistentState] public Page<DeploymentSummary>? History { get; set; }

    [Inject] private EnvironmentsStore Store { get; set; } = null!;

    [Inject] private BuildsReadModel Builds { get; set; } = null!;

    [Inject] private ProjectsReadModel Projects { get; set; } = null!;

    [Inject] private IGrainFactory Grains { get; set; } = null!;

    [Inject] private IDialogService Dialogs { get; set; } = null!;

    protected override object Shown => (Org, Name, Selected, Page);

    protected override bool Restored => Environments is not null;

    protected override async Task Load()
    {
        var id = Project(Org, Name);
        if (await Projects.Get(id, Leaving) is null)
        {
            Navigation.NotFound();
            return;
        }

        Environments = await Store.List(id, Leaving);
        History = Selected is null ? null : await Store.Deployments(id, Selected, (Math.Max(1, Page ?? 1) - 1) * PageSize, PageSize, Leaving);
    }

    private string Rules(EnvironmentSettings settings)
    {
        var rules = new List<string>();
        if (settings.Approvals > 0)
        {
            var who = settings.Approvers.Count > 0 ? string.Join(", ", settings.Approvers) : Localizer["Environments.Anybody"].Value;
            rules.Add(Localizer["Environments.RuleApprovals", settings.Approvals, who]);
        }

        if (settings.WaitMinutes > 0) rules.Add(Localizer["Environments.RuleWait", settings.WaitMinutes]);
        if (settings.Branches.Count > 0) rules.Add(Localizer["Environments.RuleBranches", string.Join(", ", settings.Branches)]);
        return rules.Count == 0 ? Localizer["Environments.RuleNone"] : string.Join(" · ", rules);
    }

    private void PageChanged(int page) => Show(new() { ["page"] = page == 1 ? null : page });

    private async Task DeployAgain(DeploymentSummary deployment)
    {
        if (!await Allowed(Permissions.PipelineRun)) return;
        var build = new BuildId(Project(Org, Name), deployment.Number);
        var request = new RerunJobs { Jobs = [deployment.Job] };
        await Audit.Allowed("build:rerun", AuditTarget.In(Org, Name, "build", deployment.Number.ToString(CultureInfo.InvariantCulture)), BuildAudit.Fields(request), await BuildAudit.Before(Builds, build, request, Leaving));
        if (await Grains.Build(build).Rerun(User.Actor(), request.Jobs, fromFailedStep: false) is { } problem) Snackbar.Add(problem, MudBlazor.Severity.Error);
        else Navigation.NavigateTo(build.Page(deployment.Job));
    }

    private async Task Edit(EnvironmentSummary? environment)
    {
        if (!await Allowed(Permissions.EnvironmentManage)) return;
        var parameters = new DialogParameters<EnvironmentDialog> { { dialog => dialog.Project, Project(Org, Name) }, { dialog => dialog.Environment, environment } };
        var dialog = await Dialogs.ShowAsync<EnvironmentDialog>(environment?.Name ?? Localizer["Environments.New"], parameters);
        if (await dialog.Result is { Canceled: false }) await Reload();
    }
}
