using Microsoft.AspNetCore.Components;
using MudBlazor;
using PRTS.Api.Access;
using PRTS.Contracts.Access;
using PRTS.Web.Access;

namespace PRTS.Web.Members;

public partial class OrganizationAccessPage
{
    [Parameter] public string Org { get; set; } = "";

    [PersistentState] public OrganizationSummary? Found { get; set; }

    [Inject] private IDialogService Dialogs { get; set; } = null!;

    protected override AccessScope Scope => new(Org);

    protected override async Task Load()
    {
        Found = (await Directory.Organizations(User.Tenant(), Leaving)).FirstOrDefault(known => known.Name == Org);
        if (Found is null) Navigation.NotFound();
        else await base.Load();
    }

    private async Task Describe(OrganizationSummary organization)
    {
        if (!await Allowed(Permissions.OrganizationManage)) return;
        var parameters = new DialogParameters<OrganizationDialog> { { dialog => dialog.Scope, Scope }, { dialog => dialog.Organization, organization } };
        var dialog = await Dialogs.ShowAsync<OrganizationDialog>(organization.Name, parameters);
        if (await dialog.Result is { Canceled: false }) await Reload();
    }
}
