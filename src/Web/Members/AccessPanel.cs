using System.Security.Claims;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.Components.Authorization;
using Microsoft.Extensions.Localization;
using PRTS.Audit;
using PRTS.Contracts.Access;
using PRTS.Web.Access;
using PRTS.Web.Audit;
using PRTS.Web.Resources;

namespace PRTS.Web.Members;

/// <summary>A part of a page that changes things in one place. It asks for the permission at the moment of acting, and records a change before it is made.</summary>
public abstract class AccessPanel : ComponentBase
{
    [CascadingParameter] private Task<AuthenticationState> Authentication { get; set; } = null!;

    /// <summary>Where its things lie.</summary>
    [Parameter] public AccessScope Scope { get; set; }

    /// <summary>Something was changed, so the page reads again.</summary>
    [Parameter] public EventCallback Changed { get; set; }

    [Inject] protected IStringLocalizer<UiText> Localizer { get; set; } = null!;

    /// <summary>How something was before it is changed.</summary>
    [Inject] protected AccessAudit Former { get; set; } = null!;

    [Inject] private PageAudit Audit { get; set; } = null!;

    [Inject] private IAuthorizationService Authorization { get; set; } = null!;

    protected ClaimsPrincipal User { get; private set; } = new();

    /// <summary>Why the last change was not made, and what would be right.</summary>
    protected string? Problem { get; set; }

    protected override async Task OnParametersSetAsync() => User = (await Authentication).User;

    protected bool May(string permission) => User.May(permission, Scope);

    /// <param name="change">Answers what is wrong; null when it is done.</param>
    /// <param name="before">Null: it has no former state.</param>
    /// <returns>Whether it is done.</returns>
    protected async Task<bool> Make(string permission, string action, AuditTarget target, AuditFields? after, Func<ClaimsPrincipal, Task<Refused?>> change, Func<string, Task<AuditFields?>>? before = null)
    {
        var user = (await Authentication).User;
        if (!(await Authorization.AuthorizeAsync(user, Scope, permission)).Succeeded)
        {
            await Audit.Denied(action, target);
            Problem = Localizer["NoPermission.Text"];
            return false;
        }

        await Audit.Allowed(action, target, after, before is null ? null : await before(user.Tenant()));
        Problem = await Audit.Outcome(action, target, await change(user));
        await Changed.InvokeAsync();
        return Problem is null;
    }

    /// <summary>Something in the panel's place, as the API's endpoints name it to the audit log.</summary>
    protected AuditTarget Target(string kind, string id) => new(kind, id.Length > 0 ? id : Scope.ToString(), Name: null, Scope.Org, Scope.Project);
}
