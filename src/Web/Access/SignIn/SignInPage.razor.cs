using Microsoft.AspNetCore.Components;
using MudBlazor;
using PRTS.Api.Access;
using PRTS.Audit;
using PRTS.Contracts.Access;

namespace PRTS.Web.Access.SignIn;

/// <summary>Who else says who somebody is, and who has a password here.</summary>
public partial class SignInPage
{
    private readonly Dictionary<string, SignInTest> tests = new(StringComparer.Ordinal);
    private Dictionary<string, string> places = new(StringComparer.Ordinal);
    private IReadOnlyList<SignInProvider>? providers;
    private SignInPolicy? policy;
    private string breakGlass = "";
    private string? problem;

    [Inject] private SignInSettings Settings { get; set; } = null!;

    [Inject] private SamlSignInProvider Saml { get; set; } = null!;

    [Inject] private IDialogService Dialogs { get; set; } = null!;

    protected override async Task OnInitializedAsync()
    {
        await base.OnInitializedAsync();
        await Reload();
        policy = await Settings.Policy(User.Tenant(), Leaving);
        breakGlass = string.Join(' ', policy.BreakGlass);
    }

    private async Task Reload()
    {
        var known = await Settings.List(User.Tenant(), Leaving);
        places = known.ToDictionary(provider => provider.Name, PlaceOf, StringComparer.Ordinal);
        providers = known;
    }

    private string PlaceOf(SignInProvider provider) => provider.OpenIdConnect?.Issuer ?? provider.Ldap?.Address ?? Saml.Read(provider.Saml!).Found?.EntityId ?? "";

    private async Task Edit(SignInKind kind, SignInProvider? provider)
    {
        if (!await Allowed(Permissions.SignInManage)) return;
        var parameters = new DialogParameters<ProviderDialog> { { dialog => dialog.Kind, kind }, { dialog => dialog.Provider, provider }, { dialog => dialog.By, User } };
        var dialog = await Dialogs.ShowAsync<ProviderDialog>(provider?.Title ?? Localizer[$"SignIn.{kind}"], parameters, new() { FullWidth = true, MaxWidth = MaxWidth.Small });
        if (await dialog.Result is { Canceled: false }) await Reload();
    }

    private async Task Test(SignInProvider provider)
    {
        if (!await Allowed(Permissions.SignInManage)) return;
        await Audit.Allowed("sign-in-provider:test", new("sign-in-provider", provider.Name));
        tests[provider.Name] = await Settings.Test(User.Tenant(), provider, Leaving);
    }

    private async Task Remove(SignInProvider provider)
    {
        if (!await Allowed(Permissions.SignInManage)) return;
        if (await Dialogs.ShowMessageBoxAsync(provider.Title, Localizer["SignIn.RemoveText"], Localizer["SignIn.Remove"], cancelText: Localizer["Cancel"]) != true) return;
        var target = new AuditTarget("sign-in-provider", provider.Name);
        await Audit.Allowed("sign-in-provider:remove", target, before: SignInProviderEndpoints.Fields(provider));
        problem = await Audit.Outcome("sign-in-provider:remove", target, await Settings.Remove(User, provider.Name, Leaving));
        await Reload();
    }

    private async Task SavePolicy()
    {
        if (policy is null || !await Allowed(Permissions.SignInManage)) return;
        policy = policy with { BreakGlass = breakGlass.Split([' ', ','], StringSplitOptions.RemoveEmptyEntries) };
        var target = new AuditTarget("sign-in-policy", "");
        await Audit.Allowed("sign-in-policy:set", target, SignInProviderEndpoints.Fields(policy), SignInProviderEndpoints.Fields(await Settings.Policy(User.Tenant(), Leaving)));
        problem = await Audit.Outcome("sign-in-policy:set", target, await Settings.SetPolicy(User, policy, Leaving));
        if (problem is null) Snackbar.Add(Localizer["SignIn.Saved"], Severity.Success);
    }
}
