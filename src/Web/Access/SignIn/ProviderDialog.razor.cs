using System.Security.Claims;
using Microsoft.AspNetCore.Components;
using MudBlazor;
using PRTS.Api.Access;
using PRTS.Api.Secrets;
using PRTS.Audit;
using PRTS.Web.Audit;

namespace PRTS.Web.Access.SignIn;

/// <summary>A provider as it is to be. What the form does not show stays as it is.</summary>
public partial class ProviderDialog
{
    private const string IssuerExample = "https://id.example.com";
    private const string AddressExample = "ldaps://ldap.example.com";
    private string name = "";
    private string displayName = "";
    private string issuer = "";
    private string clientId = "";
    private string address = "";
    private string searchDn = "";
    private string peopleDn = "";
    private string groupsDn = "";
    private string nameAttribute = "";
    private string groupsName = "groups";
    private string metadata = "";
    private string rules = "";
    private string secret = "";
    private bool enabled = true;
    private bool makesAccounts = true;
    private string? problem;

    [CascadingParameter] private IMudDialogInstance Dialog { get; set; } = null!;

    [Parameter] public SignInKind Kind { get; set; }

    /// <summary>Null: a new one.</summary>
    [Parameter] public SignInProvider? Provider { get; set; }

    [Parameter] public ClaimsPrincipal By { get; set; } = new();

    [Inject] private SignInSettings Settings { get; set; } = null!;

    [Inject] private WebOptions Options { get; set; } = null!;

    [Inject] private PageAudit Audit { get; set; } = null!;

    private string SecretHelp => Provider?.HasSecret == true ? T["SignIn.SecretKept"] : "";

    private string Callback => $"{Options.PublicUrl}/login/oidc/{Name}/callback{SignInTenant.Query(By.Tenant(), Options)}";

    private string Metadata => $"{Options.PublicUrl}/login/saml/{Name}/metadata{SignInTenant.Query(By.Tenant(), Options)}";

    private string Name => Provider?.Name ?? (name.Trim() is { Length: > 0 } given ? given : "NAME");

    protected override void OnInitialized()
    {
        nameAttribute = Kind == SignInKind.Ldap ? "uid" : "";
        if (Provider is not { } known) return;
        (displayName, enabled, makesAccounts) = (known.DisplayName, known.Enabled, known.MakesAccounts);
        rules = string.Join('\n', known.Groups.Select(rule => $"{rule.Group} -> {rule.Team}"));
        if (known.OpenIdConnect is { } oidc) (issuer, clientId, groupsName) = (oidc.Issuer, oidc.ClientId, oidc.GroupsClaim);
        if (known.Ldap is { } ldap) (address, searchDn, peopleDn, nameAttribute, groupsDn) = (ldap.Address, ldap.SearchDn, ldap.PeopleDn, ldap.NameAttribute, ldap.GroupsDn ?? "");
        if (known.Saml is { } saml) (metadata, nameAttribute, groupsName) = (saml.Metadata, saml.NameAttribute, saml.GroupsAttribute);
    }

    private async Task Save()
    {
        if (Rules() is not { } groups) return;
        var value = secret.Length > 0 ? SecretText.Of(secret) : null;
        var request = new SetSignInProvider
        {
            DisplayName = displayName,
            Enabled = enabled,
            MakesAccounts = makesAccounts,
            Groups = groups,
            OpenIdConnect = Kind != SignInKind.OpenIdConnect ? null
                : (Provider?.OpenIdConnect ?? new() { Issuer = "", ClientId = "" }) with { Issuer = issuer.Trim(), ClientId = clientId.Trim(), GroupsClaim = groupsName.Trim() },
            Ldap = Kind != SignInKind.Ldap ? null : (Provider?.Ldap ?? new() { Address = "", SearchDn = "", PeopleDn = "" }) with
            {
                Address = address.Trim(),
                SearchDn = searchDn.Trim(),
                PeopleDn = peopleDn.Trim(),
                NameAttribute = nameAttribute.Trim(),
                GroupsDn = groupsDn.Trim() is { Length: > 0 } place ? place : null,
            },
            Saml = Kind != SignInKind.Saml ? null
                : (Provider?.Saml ?? new() { Metadata = "" }) with { Metadata = metadata.Trim(), NameAttribute = nameAttribute.Trim(), GroupsAttribute = groupsName.Trim() },
            Secret = value,
        };
        var target = new AuditTarget("sign-in-provider", Name);
        await Audit.Allowed("sign-in-provider:set", target, SignInProviderEndpoints.Fields(request), Provider is { } former ? SignInProviderEndpoints.Fields(former) : null);
        using (value) problem = await Audit.Outcome("sign-in-provider:set", target, (await Settings.Set(By, Name, request)).Problem);
        if (problem is not null) return;
        // Until it is saved it stays: who mends another field would else make a provider without its secret.
        secret = "";
        Dialog.Close();
    }

    /// <summary>Null: a line is not understood, and the form says so.</summary>
    private List<GroupRule>? Rules()
    {
        var read = new List<GroupRule>();
        foreach (var line in rules.Split('\n', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
        {
            var cut = line.LastIndexOf("->", StringComparison.Ordinal);
            if (cut <= 0)
            {
                problem = T["SignIn.RuleProblem", line];
                return null;
            }

            read.Add(new(line[..cut].Trim(), line[(cut + 2)..].Trim()));
        }

        return read;
    }
}
