using Microsoft.AspNetCore.Components;
using MudBlazor;
using PRTS.Api;
using PRTS.Api.Builds;
using PRTS.Api.Projects;
using PRTS.Contracts.Access;
using PRTS.Storage.Builds;
using PRTS.Storage.Projects;
using PRTS.Web.Access;
using PRTS.Web.Shell;

namespace PRTS.Web.Projects;

public partial class ProjectPage
{
    private const int PageSize = 25;

    [Parameter] public string Org { get; set; } = "";

    [Parameter] public string Name { get; set; } = "";

    protected override AccessScope Scope => new(Org, Name);

    [SupplyParameterFromQuery(Name = "q")] public string? Text { get; set; }

    [SupplyParameterFromQuery] public string? Branch { get; set; }

    [SupplyParameterFromQuery] public string? Status { get; set; }

    [SupplyParameterFromQuery] public int? Page { get; set; }

    [PersistentState] public ProjectSummary? Found { get; set; }

    [PersistentState] public Page<BuildSummary>? Builds { get; set; }

    [Inject] private ProjectsReadModel Projects { get; set; } = null!;

    [Inject] private BuildsReadModel BuildList { get; set; } = null!;

    [Inject] private WebOptions Options { get; set; } = null!;

    [Inject] private IDialogService Dialogs { get; set; } = null!;

    protected override object Shown => (Org, Name, Text, Branch, Status, Page);

    protected override bool Restored => Found is not null && Builds is not null;

    private string CloneUrl => Options.CloneUrl(Org, Name);

    private bool Filtered => OrNull(Text) is not null || OrNull(Branch) is not null || Texts.StatusFrom(Status) is not null;

    protected override async Task Load()
    {
        var id = Project(Org, Name);
        Found = await Projects.Get(id, Leaving);
        if (Found is null)
        {
            Navigation.NotFound();
            return;
        }

        var query = new BuildQuery
        {
            Text = OrNull(Text),
            Ref = OrNull(Branch),
            Status = Texts.StatusFrom(Status),
            Skip = (Math.Max(1, Page ?? 1) - 1) * PageSize,
            Take = PageSize,
        };
        Builds = await BuildList.List(User.Tenant(), id, query, Leaving);
    }

    private string StatusName(string? slug) => Texts.StatusFrom(slug) is { } status ? Localizer[$"Status.{status}"] : Localizer["Builds.AnyStatus"];

    private void TextChanged(string? text) => Show(new() { ["q"] = OrNull(text), ["page"] = null }, replace: true);

    private void BranchChanged(string? branch) => Show(new() { ["branch"] = OrNull(branch), ["page"] = null }, replace: true);

    private void StatusChanged(string? status) => Show(new() { ["status"] = OrNull(status), ["page"] = null });

    private void PageChanged(int page) => Show(new() { ["page"] = page == 1 ? null : page });

    private async Task Run(ProjectSummary project)
    {
        if (!await Allowed(Permissions.PipelineRun)) return;
        var parameters = new DialogParameters<RunPipelineDialog> { { dialog => dialog.Project, Project(Org, Name) }, { dialog => dialog.Branch, project.DefaultBranch } };
        await Dialogs.ShowAsync<RunPipelineDialog>(Localizer["Run.Title"], parameters);
    }
}
