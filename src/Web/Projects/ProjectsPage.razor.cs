using Microsoft.AspNetCore.Components;
using MudBlazor;
using PRTS.Api;
using PRTS.Api.Projects;
using PRTS.Contracts.Access;
using PRTS.Storage.Projects;
using PRTS.Web.Access;

namespace PRTS.Web.Projects;

public partial class ProjectsPage
{
    private const int PageSize = 25;

    [SupplyParameterFromQuery(Name = "q")] public string? Search { get; set; }

    [SupplyParameterFromQuery] public int? Page { get; set; }

    /// <summary>Kept from the first rendering, so that the page does not blink when it becomes live.</summary>
    [PersistentState] public Page<ProjectSummary>? Found { get; set; }

    [Inject] private ProjectsReadModel Projects { get; set; } = null!;

    [Inject] private IDialogService Dialogs { get; set; } = null!;

    protected override object Shown => (Search, Page);

    protected override bool Restored => Found is not null;

    protected override async Task Load()
    {
        var query = new ProjectQuery { Search = OrNull(Search), Places = User.Places(Permissions.ProjectRead), Skip = (Math.Max(1, Page ?? 1) - 1) * PageSize, Take = PageSize };
        Found = await Projects.List(User.Tenant(), query, Leaving);
    }

    private void SearchChanged(string? text) => Show(new() { ["q"] = OrNull(text), ["page"] = null }, replace: true);

    private void PageChanged(int page) => Show(new() { ["page"] = page == 1 ? null : page });

    private async Task Create()
    {
        var dialog = await Dialogs.ShowAsync<NewProjectDialog>(Localizer["Projects.New"]);
        if (await dialog.Result is { Canceled: false }) await Reload();
    }
}
