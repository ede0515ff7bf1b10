using System.Reflection;
using System.Security.Claims;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.Components.Authorization;
using Microsoft.Extensions.Localization;
using MudBlazor;
using PRTS.Contracts.Access;
using PRTS.Contracts.Projects;
using PRTS.Web.Access;
using PRTS.Web.Audit;
using PRTS.Web.Resources;

namespace PRTS.Web.Shell;

/// <summary>What all pages have: who looks, where they are, and an end when they leave.</summary>
public abstract class PrtsPage : ComponentBase, IDisposable
{
    private readonly CancellationTokenSource leaving = new();

    /// <summary>The token is taken at once: a page that is still loading when its reader leaves asks for it afterwards.</summary>
    protected PrtsPage() => Leaving = leaving.Token;

    [CascadingParameter] private Task<AuthenticationState> Authentication { get; set; } = null!;

    [Inject] protected NavigationManager Navigation { get; set; } = null!;

    [Inject] protected IStringLocalizer<UiText> Localizer { get; set; } = null!;

    [Inject] protected ISnackbar Snackbar { get; set; } = null!;

    [Inject] protected PageAudit Audit { get; set; } = null!;

    [Inject] private IAuthorizationService Authorization { get; set; } = null!;

    protected ClaimsPrincipal User { get; private set; } = new();

    /// <summary>Where the page's things lie: its permissions are asked for there.</summary>
    protected virtual AccessScope Scope => AccessScope.Tenant;

    /// <summary>Canceled when the reader leaves the page.</summary>
    protected CancellationToken Leaving { get; }

    protected override async Task OnInitializedAsync() => await Recognize();

    /// <summary>Whoever looks may have got other rights since.</summary>
    /// <returns>Whether that is news to the page.</returns>
    protected async Task<bool> Recognize()
    {
        var now = (await Authentication).User;
        // Whose session has ended is led away; until then the page stays theirs.
        if (ReferenceEquals(now, User) || now.Identity?.IsAuthenticated != true) return false;
        User = now;
        return true;
    }

    /// <summary>Whether the reader may still see the page: when not, its place is taken at once by one that says so.</summary>
    protected async Task<bool> MayStay() =>
        GetType().GetCustomAttribute<AuthorizeAttribute>()?.Policy is not { } policy || (await Authorization.AuthorizeAsync(User, Scope, policy)).Succeeded;

    protected ProjectId Project(string org, string name) => new(User.Tenant(), org, name);

    /// <summary>Asks again at the moment of acting: a page may have been open for days, and its buttons are only markup.</summary>
    protected async Task<bool> Allowed(string permission)
    {
        if ((await Authorization.AuthorizeAsync((await Authentication).User, Scope, permission)).Succeeded) return true;
        await Audit.Denied(permission, new("page", new Uri(Navigation.Uri).AbsolutePath));
        Snackbar.Add(Localizer["NoPermission.Text"], Severity.Error);
        return false;
    }

    /// <summary>The same page with these values in its address; null takes one out.</summary>
    protected void Show(Dictionary<string, object?> query, bool replace = false) =>
        Navigation.NavigateTo(Navigation.GetUriWithQueryParameters(query), replace: replace);

    protected static string? OrNull(string? text) => string.IsNullOrWhiteSpace(text) ? null : text.Trim();

    public void Dispose()
    {
        Dispose(disposing: true);
        GC.SuppressFinalize(this);
    }

    protected virtual void Dispose(bool disposing)
    {
        if (!disposing) return;
        leaving.Cancel();
        leaving.Dispose();
    }
}
