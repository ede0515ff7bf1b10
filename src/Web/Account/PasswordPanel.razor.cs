using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.Components.Authorization;
using Microsoft.Extensions.Localization;
using PRTS.Web.Access;
using PRTS.Web.Audit;
using PRTS.Web.Resources;

namespace PRTS.Web.Account;

public partial class PasswordPanel
{
    private string current = "";
    private string wanted = "";
    private string again = "";
    private string? problem;
    private bool busy;
    private bool changed;

    [CascadingParameter] private Task<AuthenticationState> Authentication { get; set; } = null!;

    [Inject] private PageAudit Audit { get; set; } = null!;

    [Inject] private PasswordLogin Login { get; set; } = null!;

    [Inject] private Accounts Accounts { get; set; } = null!;

    [Inject] private IStringLocalizer<UiText> Localizer { get; set; } = null!;

    private async Task Change()
    {
        busy = true;
        try
        {
            problem = await Try();
            changed = problem is null;
            if (changed) current = wanted = again = "";
        }
        catch (TooManyPasswordsException)
        {
            problem = Localizer["Login.Busy"];
        }
        finally
        {
            busy = false;
        }
    }

    private async Task<string?> Try()
    {
        if (Accounts.PasswordProblem(wanted) is not null) return Localizer["Password.Short"];
        if (wanted != again) return Localizer["Password.Differ"];
        var user = (await Authentication).User;
        // The circuit has no request to take an address from; the account's own lockout still counts.
        if ((await Login.Check(user.Tenant(), user.Actor(), current, address: null)).User is not { } account) return Localizer["Password.Wrong"];
        await Audit.Allowed("account:set-password", new("user", account.Name));
        await Accounts.SetPassword(account, wanted);
        return null;
    }
}
