using Microsoft.AspNetCore.Components;
using MudBlazor;
using PRTS.Api.Access;
using PRTS.Contracts.Access;
using PRTS.Web.Access;

namespace PRTS.Web.Administration;

/// <summary>Makes an account with a password.</summary>
public partial class UserDialog
{
    private string name = "";
    private string password = "";
    private string role = Accounts.Name(Role.None);

    [CascadingParameter] private IMudDialogInstance Dialog { get; set; } = null!;

    [Inject] private Accounts Directory { get; set; } = null!;

    private async Task Save()
    {
        var request = new CreateUser { Name = name.Trim(), Password = password, Role = role, Enabled = true };
        if (await Make(Permissions.UserManage, "user:create", new("user", request.Name), Accounts.Fields(request), async user => (await Directory.Create(user.Tenant(), request, user)).Problem)) Dialog.Close();
    }
}
