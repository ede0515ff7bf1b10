using Microsoft.AspNetCore.Components;
using MudBlazor;
using PRTS.Api.Access;

namespace PRTS.Web.Members;

/// <summary>The organizations of the tenant, each a way to its teams and roles.</summary>
public partial class OrganizationsPanel
{
    [Parameter, EditorRequired] public IReadOnlyList<OrganizationSummary> Organizations { get; set; } = [];

    [Parameter] public string? Search { get; set; }

    [Inject] private IDialogService Dialogs { get; set; } = null!;

    private List<OrganizationSummary> Listed => [.. Organizations.Where(known => Search is null || known.Name.Contains(Search, StringComparison.OrdinalIgnoreCase))];

    private async Task Create()
    {
        var dialog = await Dialogs.ShowAsync<OrganizationDialog>(Localizer["Organizations.New"]);
        if (await dialog.Result is { Canceled: false }) await Changed.InvokeAsync();
    }
}
