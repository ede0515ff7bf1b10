using Microsoft.AspNetCore.Components;
using MudBlazor;
using PRTS.Api.Access;
using PRTS.Audit;
using PRTS.Contracts.Access;
using PRTS.Storage.Users;
using PRTS.Web.Access;

namespace PRTS.Web.Administration;

/// <summary>The accounts of the tenant: whether they can be used, their role in the whole tenant, and how they sign in.</summary>
public partial class UsersPage
{
    private const int PageSize = 25;
    private static readonly IReadOnlyList<string> Roles = [.. Enum.GetValues<Role>().Select(Accounts.Name)];
    private string? problem;

    /// <summary>A choice that was refused must not stay on the page: it is drawn anew.</summary>
    private int changes;

    [SupplyParameterFromQuery(Name = "q")] public string? Search { get; set; }

    [SupplyParameterFromQuery] public int? Page { get; set; }

    [PersistentState] public List<UserSummary>? Users { get; set; }

    [Inject] private Accounts Accounts { get; set; } = null!;

    [Inject] private SecondFactors Factors { get; set; } = null!;

    [Inject] private UsersStore Store { get; set; } = null!;

    /// <summary>How something was before it is changed.</summary>
    [Inject] private AccessAudit Former { get; set; } = null!;

    [Inject] private IDialogService Dialogs { get; set; } = null!;

    [Inject] private TimeProvider Time { get; set; } = null!;

    protected override object Shown => "";

    protected override bool Restored => Users is not null;

    private int Number => Math.Max(1, Page ?? 1);

    private List<UserSummary> Listed => [.. Users!.Where(user => OrNull(Search) is not { } text || $"{user.Name} {user.DisplayName} {user.Email}".Contains(text, StringComparison.OrdinalIgnoreCase))];

    protected override async Task Load() => Users = await Accounts.List(User.Tenant(), Leaving);

    private string RoleName(string role) => role == Accounts.Name(Role.None) ? Localizer["Users.NoRole"] : Localizer[$"Role.{role}"];

    private void SearchChanged(string? text) => Show(new() { ["q"] = OrNull(text), ["page"] = null }, replace: true);

    private void PageChanged(int page) => Show(new() { ["page"] = page == 1 ? null : page });

    private async Task Create()
    {
        if (!await Allowed(Permissions.UserManage)) return;
        var dialog = await Dialogs.ShowAsync<UserDialog>(Localizer["Admin.NewUser"]);
        if (await dialog.Result is { Canceled: false }) await Reload();
    }

    private Task SetRole(UserSummary user, string? role) => role is null ? Task.CompletedTask : Update(user, new() { Role = role, Enabled = true });

    private async Task SetEnabled(UserSummary user)
    {
        if (user.Enabled && await Dialogs.ShowMessageBoxAsync(Localizer["Users.DisableOf", user.Name], Localizer["Users.DisableText"], Localizer["Users.Disable"], cancelText: Localizer["Cancel"]) != true) return;
        await Update(user, new() { Enabled = !user.Enabled });
    }

    private async Task Update(UserSummary user, UpdateUser request) =>
        await Make("user:update", user, Accounts.Fields(request), async () => (await Accounts.Update(User.Tenant(), user.Name, request, User)).Problem, await Former.User(User.Tenant(), user.Name));

    private async Task ResetSecondFactor(UserSummary user)
    {
        if (await Dialogs.ShowMessageBoxAsync(Localizer["Users.ResetFactorOf", user.Name], Localizer["Users.ResetFactorText"], Localizer["Users.ResetFactor"], cancelText: Localizer["Cancel"]) != true) return;
        await Make("second-factor:reset", user, null, async () =>
            await Store.ByName(User.Tenant(), user.Name) is not { } known ? Refused.Invalid(Localizer["Users.NoFactor", user.Name])
            : await Accounts.Beyond(User, known) is { } beyond ? beyond
            : await Factors.Remove(known.Id) ? null : Refused.Invalid(Localizer["Users.NoFactor", user.Name]), await Store.ByName(User.Tenant(), user.Name) is { } one ? await Former.SecondFactor(one.Id) : null);
    }

    private async Task Make(string action, UserSummary user, AuditFields? after, Func<Task<Refused?>> change, AuditFields? before = null)
    {
        if (!await Allowed(Permissions.UserManage)) return;
        var target = new AuditTarget(action[..action.IndexOf(':', StringComparison.Ordinal)], user.Name);
        await Audit.Allowed(action, target, after, before);
        problem = await Audit.Outcome(action, target, await change());
        changes++;
        await Reload();
    }

    private Task ShowSessions(UserSummary user) =>
        Dialogs.ShowAsync<UserSessionsDialog>(Localizer["Users.SessionsOf", user.Name], new DialogParameters<UserSessionsDialog> { { dialog => dialog.Name, user.Name } });
}
