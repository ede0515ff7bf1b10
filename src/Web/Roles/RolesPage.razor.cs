using Microsoft.AspNetCore.Components;
using MudBlazor;
using PRTS.Api.Access;
using PRTS.Audit;
using PRTS.Contracts.Access;
using PRTS.Web.Access;

namespace PRTS.Web.Roles;

/// <summary>The roles of the tenant: those that it made, and what each may do.</summary>
public partial class RolesPage
{
    private string? problem;

    [PersistentState] public IReadOnlyList<RoleSummary>? Roles { get; set; }

    [Inject] private AccessDirectory Access { get; set; } = null!;

    [Inject] private DirectoryChanges Changes { get; set; } = null!;

    /// <summary>How something was before it is changed.</summary>
    [Inject] private AccessAudit Former { get; set; } = null!;

    [Inject] private IDialogService Dialogs { get; set; } = null!;

    protected override object Shown => "";

    protected override bool Restored => Roles is not null;

    private List<RoleSummary> Own => [.. (Roles ?? []).Where(role => !role.BuiltIn)];

    protected override async Task Load() => Roles = await Access.Roles(User.Tenant(), Leaving);

    private async Task Edit(RoleSummary? role)
    {
        if (!await Allowed(Permissions.RoleManage)) return;
        var dialog = await Dialogs.ShowAsync<RoleDialog>(role?.Name ?? Localizer["Roles.New"], new DialogParameters<RoleDialog> { { shown => shown.Role, role } });
        if (await dialog.Result is { Canceled: false }) await Reload();
    }

    private async Task Remove(RoleSummary role)
    {
        if (!await Allowed(Permissions.RoleManage)) return;
        if (await Dialogs.ShowMessageBoxAsync(Localizer["Roles.Remove", role.Name], Localizer["Roles.RemoveText"], Localizer["Access.Remove"], cancelText: Localizer["Cancel"]) != true) return;
        var target = new AuditTarget("role", role.Name);
        await Audit.Allowed("role:remove", target, before: await Former.Role(User.Tenant(), role.Name));
        problem = await Audit.Outcome("role:remove", target, await Changes.RemoveRole(User, role.Name));
        await Reload();
    }
}
