using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.Components.Authorization;
using PRTS.Api.Access;
using PRTS.Audit;
using PRTS.Contracts.Access;
using PRTS.Web.Access;
using PRTS.Web.Audit;

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

    [Inject] private PageAudit Audit { get; set; } = null!;

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
        var target = new AuditTarget("user", name.Trim());
        await Audit.Allowed("user:create", target);
        (_, problem) = await Accounts.Create(tenant, new() { Name = name.Trim(), Password = password });
        await Audit.Failed("user:create", target, problem);
        if (problem is null) (name, password) = ("", "");
        users = await Accounts.List(tenant);
    }

    private async Task SetRole(string user, string? role)
    {
        if (role is null || !await Allowed()) return;
        var target = new AuditTarget("user", user);
        await Audit.Allowed("user:update", target, new() { ["role"] = role });
        (_, problem) = await Accounts.Update(tenant, user, new() { Role = role });
        await Audit.Failed("user:update", target, problem);
        users = await Accounts.List(tenant);
    }

    private async Task<bool> Allowed()
    {
        if ((await Authorization.AuthorizeAsync((await Authentication).User, AccessScope.Tenant, Permissions.UserManage)).Succeeded) return true;
        await Audit.Denied(Permissions.UserManage, new("user", ""));
        return false;
    }
}
