using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.Components.Authorization;
using PRTS.Api.Access;
using PRTS.Contracts.Access;
using PRTS.Web.Access;

namespace PRTS.Web.Administration;

public partial class UsersPanel
{
    private static readonly IReadOnlyList<string> Roles = [.. Enum.GetValues<Role>().Select(Accounts.Name)];
    private List<UserSummary>? users;
    private string name = "";
    private string password = "";
    private string? problem;
    private string tenant = "";

    [CascadingParameter] private Task<AuthenticationState> Authentication { get; set; } = null!;

    [Inject] private Accounts Accounts { get; set; } = null!;

    [Inject] private IAuthorizationService Authorization { get; set; } = null!;

    protected override async Task OnInitializedAsync()
    {
        tenant = (await Authentication).User.Tenant();
        users = await Accounts.List(tenant);
    }

    private async Task Create()
    {
        if (!await Allowed()) return;
        (_, problem) = await Accounts.Create(tenant, new() { Name = name.Trim(), Password = password });
        if (problem is null) (name, password) = ("", "");
        users = await Accounts.List(tenant);
    }

    private async Task SetRole(string user, string? role)
    {
        if (role is null || !await Allowed()) return;
        (_, problem) = await Accounts.Update(tenant, user, new() { Role = role });
        users = await Accounts.List(tenant);
    }

    private async Task<bool> Allowed() => (await Authorization.AuthorizeAsync((await Authentication).User, AccessScope.Tenant, Permissions.UserManage)).Succeeded;
}
