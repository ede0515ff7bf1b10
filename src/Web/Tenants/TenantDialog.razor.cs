using Microsoft.AspNetCore.Components;
using MudBlazor;
using PRTS.Api.Access;
using PRTS.Contracts.Access;
using PRTS.Web.Access;

namespace PRTS.Web.Tenants;

/// <summary>Makes a tenant.</summary>
public partial class TenantDialog
{
    private string name = "";
    private string displayName = "";
    private string administrator = "";
    private string password = "";

    [CascadingParameter] private IMudDialogInstance Dialog { get; set; } = null!;

    [Inject] private DirectoryChanges Changes { get; set; } = null!;

    private async Task Save()
    {
        var tenant = new CreateTenant
        {
            Name = name.Trim(),
            DisplayName = displayName.Trim(),
            Administrator = administrator.Trim() is { Length: > 0 } first ? new() { Name = first, Password = password } : null,
        };
        if (await Make(Permissions.TenantManage, "tenant:create", new("tenant", tenant.Name), DirectoryChanges.Fields(tenant), _ => Changes.CreateTenant(tenant))) Dialog.Close();
    }
}
