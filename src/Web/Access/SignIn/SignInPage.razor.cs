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
        await Audit.Allowed("sign-in-provider:remove", new("sign-in-provider", provider.Name), before: SignInProviderEndpoints.Fields(provider));
        await Settings.Remove(User.Tenant(), provider.Name, Leaving);
        await Reload();
    }

    private async Task SavePolicy()
    {
        if (policy is null || !await Allowed(Permissions.SignInManage)) return;
        policy = policy with { BreakGlass = breakGlass.Split([' ', ','], StringSplitOptions.RemoveEmptyEntries) };
        var target = new AuditTarget("sign-in-policy", "");
        await Audit.Allowed("sign-in-policy:set", target, SignInProviderEndpoints.Fields(policy), SignInProviderEndpoints.Fields(await Settings.Policy(User.Tenant(), Leaving)));
        problem = await Settings.SetPolicy(User.Tenant(), policy, Leaving);
        await Audit.Failed("sign-in-policy:set", target, problem);
        if (problem is null) Snackbar.Add(Localizer["SignIn.Saved"], Severity.Success);
    }
}
