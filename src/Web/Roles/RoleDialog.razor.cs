using Microsoft.AspNetCore.Components;
using MudBlazor;
using PRTS.Api.Access;
using PRTS.Contracts.Access;
using PRTS.Web.Access;
using PRTS.Web.Members;

namespace PRTS.Web.Roles;

/// <summary>Makes a role of the tenant's own, or changes what it may do.</summary>
public partial class RoleDialog
{
    private string name = "";
    private PermissionChoice choice = PermissionChoice.Of([]);

    [CascadingParameter] private IMudDialogInstance Dialog { get; set; } = null!;

    /// <summary>Null: a new one.</summary>
    [Parameter] public RoleSummary? Role { get; set; }

    [Inject] private DirectoryChanges Changes { get; set; } = null!;

    protected override void OnInitialized()
    {
        if (Role is { } known) (name, choice) = (known.Name, PermissionChoice.Of(known.Permissions));
    }

    /// <summary>Nobody makes a role with more than they have; what it has already can be taken out.</summary>
    private bool MayGive(string pattern) => choice.Has(pattern) || DirectoryChanges.MayAll(User, pattern);

    private void Tick(string pattern, ChangeEventArgs change) => choice = change.Value is true ? choice.With(pattern) : choice.Without(pattern);

    private async Task Save()
    {
        var role = new CustomRole(name.Trim(), [.. choice.Patterns]);
        if (await Make(Permissions.RoleManage, "role:set", new("role", role.Name), new() { ["permissions"] = string.Join(' ', role.Permissions) }, user => Changes.SetRole(user, role), tenant => Former.Role(tenant, role.Name))) Dialog.Close();
    }
}
