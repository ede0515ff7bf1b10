using Microsoft.AspNetCore.Components;
using MudBlazor;
using PRTS.Api.Access;
using PRTS.Audit;
using PRTS.Contracts.Access;
using PRTS.Storage.Access;
using PRTS.Web.Access;

namespace PRTS.Web.Tenants;

/// <summary>The tenants of the installation, for the operator's administrators.</summary>
public partial class TenantsPage
{
    private string? problem;

    [PersistentState] public IReadOnlyList<TenantSummary>? Tenants { get; set; }

    [Inject] private DirectoryReadModel Directory { get; set; } = null!;

    [Inject] private DirectoryChanges Changes { get; set; } = null!;

    [Inject] private IDialogService Dialogs { get; set; } = null!;

    protected override object Shown => "";

    protected override bool Restored => Tenants is not null;

    protected override async Task Load() => Tenants = await Directory.Tenants(Leaving);

    private async Task Create()
    {
        if (!await Allowed(Permissions.TenantManage)) return;
        var dialog = await Dialogs.ShowAsync<TenantDialog>(Localizer["Tenants.New"]);
        if (await dialog.Result is { Canceled: false }) await Reload();
    }

    private async Task SetEnabled(TenantSummary tenant)
    {
        if (!await Allowed(Permissions.TenantManage)) return;
        if (tenant.Enabled && await Dialogs.ShowMessageBoxAsync(Localizer["Users.DisableOf", tenant.Name], Localizer["Tenants.DisableText"], Localizer["Users.Disable"], cancelText: Localizer["Cancel"]) != true) return;
        var target = new AuditTarget("tenant", tenant.Name);
        await Audit.Allowed("tenant:enable", target, new() { ["enabled"] = !tenant.Enabled }, new() { ["enabled"] = tenant.Enabled });
        problem = await Audit.Outcome("tenant:enable", target, await Changes.SetTenantEnabled(tenant.Name, !tenant.Enabled));
        await Reload();
    }
}
