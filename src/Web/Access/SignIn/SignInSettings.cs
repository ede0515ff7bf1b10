using System.Security.Claims;
using System.Text.RegularExpressions;
using PRTS.Api.Access;
using PRTS.Contracts.Access;
using PRTS.Contracts.Projects;
using PRTS.Egress;
using PRTS.Storage.Access;
using PRTS.Storage.Users;

namespace PRTS.Web.Access.SignIn;

/// <summary>How people of a tenant sign in, for the API and for pages. A problem says what is wrong and what would be right.</summary>
public sealed partial class SignInSettings(
    SignInProvidersStore store, UsersStore users, AccessFactsStore facts, AccessDirectory directory, SamlSignInProvider saml, OpenIdConnectSignIn oidc, LdapSignIn ldap, EgressClient egress, TimeProvider time)
{
    private const int MostProviders = 50;
    private const int MostRules = 500;
    private const int LongestMetadata = 1 << 20;

    public Task<IReadOnlyList<SignInProvider>> List(string tenant, CancellationToken cancellationToken = default) => store.List(tenant, cancellationToken);

    public Task<SignInProvider?> Get(string tenant, string name, CancellationToken cancellationToken = default) => store.Get(tenant, name, cancellationToken);

    /// <returns>The provider as it is now, or the problem.</returns>
    public async Task<(SignInProvider? Provider, Refused? Problem)> Set(ClaimsPrincipal by, string name, SetSignInProvider request, CancellationToken cancellationToken = default)
    {
        var tenant = by.Tenant();
        if (Beyond(by) is { } beyond) return (null, beyond);
        if (!ProviderName().IsMatch(name)) return (null, Refused.Invalid($"'{name}' cannot be a provider's name: use 1–40 of a-z 0-9 and hyphens, beginning with a letter."));
        var former = await store.Get(tenant, name, cancellationToken);
        if (former is null && (await store.List(tenant, cancellationToken)).Count >= MostProviders) return (null, Refused.Invalid($"There are {MostProviders} providers already; remove one."));
        var (settings, problem) = await Complete(request, cancellationToken);
        if (problem is null) problem = SettingsProblem(settings) ?? await RulesProblem(by, settings.Groups, cancellationToken);
        if (problem is not null) return (null, Refused.Invalid(problem));
        var provider = new SignInProvider
        {
            Name = name,
            DisplayName = settings.DisplayName.Trim(),
            Enabled = settings.Enabled,
            MakesAccounts = settings.MakesAccounts,
            Groups = settings.Groups,
            OpenIdConnect = settings.OpenIdConnect,
            Ldap = settings.Ldap,
            Saml = settings.Saml,
            UpdatedAt = time.GetUtcNow(),
            UpdatedBy = by.Actor(),
        };
        // A secret goes nowhere but where it was meant to go when it was given.
        var keeps = former is not null && Place(former) == Place(provider);
        if (provider.Kind == SignInKind.Ldap && request.Secret is null && !(keeps && former!.HasSecret)) return (null, Refused.Invalid("A directory needs 'secret', the password of the account that looks for people."));
        await store.Set(tenant, provider, request.Secret, keeps, cancellationToken);
        return (await store.Get(tenant, name, cancellationToken), null);
    }

    /// <returns>The problem; null: it is gone.</returns>
    public async Task<Refused?> Remove(ClaimsPrincipal by, string name, CancellationToken cancellationToken = default) =>
        Beyond(by) ?? (await store.Remove(by.Tenant(), name, cancellationToken) ? null : new(Refusal.NotFound, $"There is no sign-in provider '{name}'."));

    /// <summary>Whoever says who somebody is can be anybody, so that is for who may do all that can be done in the tenant.</summary>
    private static Refused? Beyond(ClaimsPrincipal by) => AccessRules.Has(by.Facts()!, Accounts.Name(Role.Admin), AccessScope.Tenant) ? null
        : new(Refusal.Forbidden, "Who decides how people sign in could sign in as an administrator, so that takes all that an administrator may. Ask one.");

    /// <summary>Asks the provider what can be asked without a person.</summary>
    public async Task<SignInTest> Test(string tenant, SignInProvider provider, CancellationToken cancellationToken = default)
    {
        try
        {
            return new(true, provider.Kind switch
            {
                SignInKind.OpenIdConnect => await oidc.Test(provider, cancellationToken),
                SignInKind.Ldap => await ldap.Test(tenant, provider, cancellationToken),
                _ => saml.Test(provider),
            });
        }
        catch (SignInException problem)
        {
            return new(false, problem.Message);
        }
    }

    public Task<SignInPolicy> Policy(string tenant, CancellationToken cancellationToken = default) => store.Policy(tenant, cancellationToken);

    /// <returns>The problem; null when it holds now.</returns>
    public async Task<Refused?> SetPolicy(ClaimsPrincipal by, SignInPolicy policy, CancellationToken cancellationToken = default)
    {
        if (Beyond(by) is { } beyond) return beyond;
        if (await PolicyProblem(by.Tenant(), policy, cancellationToken) is { } problem) return Refused.Invalid(problem);
        await store.SetPolicy(by.Tenant(), policy, cancellationToken);
        return null;
    }

    private async Task<string?> PolicyProblem(string tenant, SignInPolicy policy, CancellationToken cancellationToken)
    {
        foreach (var name in policy.BreakGlass)
        {
            if (await users.ByName(tenant, name, cancellationToken) is not { } user) return $"There is no user '{name}'.";
            if (user.PasswordHash is null) return $"'{name}' has no password here, so nobody could sign in with it in an emergency. Give it one first.";
            if (await facts.Get(user.Id, cancellationToken) is not { } known || Accounts.TenantRole(known) != Accounts.Name(Role.Admin)) return $"'{name}' is no administrator of the tenant, so it could put nothing right in an emergency. Make it one first.";
        }

        return policy is { Passwords: PasswordSignIn.BreakGlass, BreakGlass.Count: 0 }
            ? "With passwords for emergencies alone, 'breakGlass' must name an administrator who has one: else nobody might get in to change this again."
            : null;
    }

    /// <summary>Metadata that were given by their address are read now, once.</summary>
    private async Task<(SetSignInProvider Settings, string? Problem)> Complete(SetSignInProvider request, CancellationToken cancellationToken)
    {
        if (request.Saml is not { } settings || !Uri.TryCreate(settings.Metadata.Trim(), UriKind.Absolute, out var address) || address.Scheme is not ("https" or "http")) return (request, null);
        if (!IsSafe(address)) return (request, "Metadata are read over https: whoever could change them on the way could sign in as anybody.");
        try
        {
            using var response = await egress.Send(new(HttpMethod.Get, address), cancellationToken);
            if (!response.IsSuccessStatusCode) return (request, $"{address} answers {(int)response.StatusCode} instead of metadata.");
            return (request with { Saml = settings with { Metadata = await response.Content.ReadAsStringAsync(cancellationToken) } }, null);
        }
        catch (Exception failure) when (failure is HttpRequestException or IOException)
        {
            return (request, $"The metadata cannot be read from {address}: {failure.Message}");
        }
    }

    private string? SettingsProblem(SetSignInProvider request) => (request.OpenIdConnect, request.Ldap, request.Saml) switch
    {
        _ when request.DisplayName.Length > 60 => "A display name has at most 60 characters.",
        ({ } settings, null, null) => OpenIdConnectProblem(settings),
        (null, { } settings, null) => LdapProblem(settings),
        (null, null, { } settings) => settings.Metadata.Length > LongestMetadata ? "Metadata have at most 1 MiB."
            : !Named(settings.GroupsAttribute) ? "'saml.groupsAttribute' is the name of an attribute."
            : saml.Read(settings).Problem,
        _ => "Give exactly one of 'openIdConnect', 'ldap' and 'saml'.",
    };

    private static string? OpenIdConnectProblem(OpenIdConnectSettings settings) =>
        !Uri.TryCreate(settings.Issuer, UriKind.Absolute, out var issuer) || !IsSafe(issuer) || issuer.Query.Length > 0 || issuer.Fragment.Length > 0
            ? $"'{settings.Issuer}' is no issuer: it is the https address that the provider calls itself, without ? and #."
        : !Named(settings.ClientId) ? "'openIdConnect.clientId' is missing: the provider gives it when PRTS is registered there."
        : settings.Scopes.Count > 20 || settings.Scopes.Any(scope => !Scope().IsMatch(scope)) ? "Each of 'openIdConnect.scopes' is a word such as email."
        : !Named(settings.NameClaim) || !Named(settings.GroupsClaim) ? "'nameClaim' and 'groupsClaim' are names of claims."
        : null;

    private static string? LdapProblem(LdapSettings settings) =>
        !Uri.TryCreate(settings.Address, UriKind.Absolute, out var address) || address.Scheme != "ldaps" || address.AbsolutePath is not ("" or "/") || address.Host.Length == 0
            ? $"'{settings.Address}' is no address of a directory: it is ldaps://host or ldaps://host:port. Without TLS passwords could be read on the way."
        : !Named(settings.SearchDn) ? "'ldap.searchDn' is missing: the DN of the account that looks for people."
        : !Named(settings.PeopleDn) ? "'ldap.peopleDn' is missing: the DN below which people are."
        : new[] { settings.NameAttribute, settings.MemberAttribute }.FirstOrDefault(attribute => !Attribute().IsMatch(attribute)) is { } wrong ? $"'{wrong}' is no name of an attribute."
        : settings.IdAttribute.Length > 0 && !Attribute().IsMatch(settings.IdAttribute) ? $"'{settings.IdAttribute}' is no name of an attribute."
        : null;

    /// <summary>Whoever lets a group fill a team gives what the team has, so they must have that.</summary>
    private async Task<string?> RulesProblem(ClaimsPrincipal by, IReadOnlyList<GroupRule> rules, CancellationToken cancellationToken)
    {
        if (rules.Count > MostRules) return $"There are at most {MostRules} rules for groups.";
        if (rules.Any(rule => rule.Group.Length is 0 or > 500)) return "A rule needs a group, as the provider writes it; * stands for any characters.";
        foreach (var team in rules.Select(rule => rule.Team).Distinct(StringComparer.Ordinal))
        {
            if (team.Split('/') is not [var org, var name] || !ProjectId.IsValidName(org) || !ProjectId.IsValidName(name)) return $"'{team}' is no team: a team is named org/team.";
            if (await directory.TeamProblem(by, org, name, cancellationToken) is { } problem) return problem;
        }

        return null;
    }

    private static (string?, string?, string?, string?) Place(SignInProvider provider) => (provider.OpenIdConnect?.Issuer, provider.OpenIdConnect?.ClientId, provider.Ldap?.Address, provider.Ldap?.SearchDn);

    /// <summary>Nobody can change on the way what comes over TLS, or stays on this machine.</summary>
    private static bool IsSafe(Uri address) => address.Scheme == Uri.UriSchemeHttps || (address.Scheme == Uri.UriSchemeHttp && address.IsLoopback);

    private static bool Named(string text) => text.Length is > 0 and <= 500 && !text.Any(char.IsControl);

    [GeneratedRegex(@"\A[a-z][a-z0-9-]{0,39}\z", RegexOptions.CultureInvariant, matchTimeoutMilliseconds: 1000)]
    private static partial Regex ProviderName();

    [GeneratedRegex(@"\A[!#-\[\]-~]{1,100}\z", RegexOptions.CultureInvariant, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Scope();

    [GeneratedRegex(@"\A[A-Za-z][A-Za-z0-9-]{0,63}\z", RegexOptions.CultureInvariant, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Attribute();
}
