using System.Security.Claims;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;
using PRTS.Api;
using PRTS.Api.Access;
using PRTS.Audit;
using PRTS.Contracts.Access;
using PRTS.Web.Audit;
using PRTS.Web.Gateway;
using PRTS.Web.Rest;

namespace PRTS.Web.Access.SignIn;

/// <summary>How people of the caller's tenant sign in.</summary>
public static class SignInProviderEndpoints
{
    private const string Provider = "/sign-in-providers/{provider}";

    public static void MapSignInProviders(this RouteGroupBuilder api)
    {
        var group = api.MapGroup("").WithTags("Access");
        group.MapGet("/sign-in-providers", List).RequirePermission(Permissions.SignInManage).WithSummary("Who else says who somebody is").WithDescription("OpenID Connect, LDAP and SAML providers; never their secrets.");
        group.MapPut(Provider, Set).LimitBody(4 << 20).Audit<SetSignInProvider>("sign-in-provider:set", Fields, OfProvider).RequirePermission(Permissions.SignInManage).WithSummary("Make or change a provider")
            .WithDescription("Exactly one of `openIdConnect`, `ldap` and `saml`. Without `secret` the one that is there stays, as long as issuer and client, or directory and search account, stay.");
        group.MapDelete(Provider, Remove).Audit("sign-in-provider:remove", OfProvider).RequirePermission(Permissions.SignInManage).WithSummary("Remove a provider").WithDescription("Accounts that it made stay; their sessions too, until they end.");
        group.MapPost(Provider + "/test", Test).Audit("sign-in-provider:test", OfProvider).RequirePermission(Permissions.SignInManage).WithSummary("Ask a provider whether it answers");
        group.MapGet("/sign-in-policy", Policy).RequirePermission(Permissions.SignInManage).WithSummary("Who signs in with a password that is kept here");
        group.MapPut("/sign-in-policy", SetPolicy).Audit<SignInPolicy>("sign-in-policy:set", Fields, OfPolicy)
            .RequirePermission(Permissions.SignInManage).WithSummary("Say who signs in with a password that is kept here");
    }

    private static async Task<Ok<IReadOnlyList<SignInProvider>>> List(ClaimsPrincipal user, SignInSettings settings, CancellationToken cancellationToken) =>
        TypedResults.Ok(await settings.List(user.Tenant(), cancellationToken));

    private static async Task<Results<Ok<SignInProvider>, ProblemHttpResult>> Set(string provider, SetSignInProvider request, ClaimsPrincipal user, SignInSettings settings, CancellationToken cancellationToken)
    {
        using var secret = request.Secret;
        var (set, problem) = await settings.Set(user, provider, request, cancellationToken);
        return set is not null ? TypedResults.Ok(set) : problem!.Answer();
    }

    private static async Task<Results<NoContent, ProblemHttpResult>> Remove(string provider, ClaimsPrincipal user, SignInSettings settings, CancellationToken cancellationToken) =>
        await settings.Remove(user, provider, cancellationToken) is { } problem ? problem.Answer() : TypedResults.NoContent();

    private static async Task<Results<Ok<SignInTest>, ProblemHttpResult>> Test(string provider, ClaimsPrincipal user, SignInSettings settings, CancellationToken cancellationToken) =>
        await settings.Get(user.Tenant(), provider, cancellationToken) is { } known ? TypedResults.Ok(await settings.Test(user.Tenant(), known, cancellationToken)) : Unknown(provider);

    private static async Task<Ok<SignInPolicy>> Policy(ClaimsPrincipal user, SignInSettings settings, CancellationToken cancellationToken) => TypedResults.Ok(await settings.Policy(user.Tenant(), cancellationToken));

    private static async Task<Results<NoContent, ProblemHttpResult>> SetPolicy(SignInPolicy request, ClaimsPrincipal user, SignInSettings settings, CancellationToken cancellationToken) =>
        await settings.SetPolicy(user, request, cancellationToken) is { } problem ? problem.Answer() : TypedResults.NoContent();

    private static ProblemHttpResult Unknown(string provider) => Problems.NotFound($"There is no sign-in provider '{provider}'.");

    /// <summary>Also for pages.</summary>
    internal static AuditFields Fields(SignInPolicy policy) => new() { ["passwords"] = policy.Passwords.ToString(), ["breakGlass"] = string.Join(' ', policy.BreakGlass) };

    private static FormerState OfProvider { get; } = async request =>
        await request.Get<SignInSettings>().Get(request.HttpContext.User.Tenant(), request.Route("provider"), request.HttpContext.RequestAborted) is { } known ? Fields(known) : null;

    private static FormerState OfPolicy { get; } = async request => Fields(await request.Get<SignInSettings>().Policy(request.HttpContext.User.Tenant(), request.HttpContext.RequestAborted));

    /// <summary>Also for pages. That there is a secret, never which.</summary>
    internal static AuditFields Fields(SetSignInProvider request) => Fields(request.Enabled, request.MakesAccounts, request.Groups, request.OpenIdConnect, request.Ldap, request.Saml, request.Secret is not null);

    /// <summary>Also for pages.</summary>
    internal static AuditFields Fields(SignInProvider known) => Fields(known.Enabled, known.MakesAccounts, known.Groups, known.OpenIdConnect, known.Ldap, known.Saml, known.HasSecret);

    private static AuditFields Fields(bool enabled, bool makesAccounts, IReadOnlyList<GroupRule> groups, OpenIdConnectSettings? oidc, LdapSettings? ldap, SamlSettings? saml, bool hasSecret)
    {
        var fields = new AuditFields
        {
            ["enabled"] = enabled,
            ["makesAccounts"] = makesAccounts,
            ["groups"] = string.Join("; ", groups.Select(rule => $"{rule.Group} -> {rule.Team}")),
        };
        // All of it decides who somebody is.
        if (oidc is not null) fields["openIdConnect"] = JsonSerializer.Serialize(oidc, ApiJson.Options);
        if (ldap is not null) fields["ldap"] = JsonSerializer.Serialize(ldap, ApiJson.Options);
        if (saml is not null) fields["saml"] = JsonSerializer.Serialize(saml with { Metadata = Short(saml.Metadata) }, ApiJson.Options);
        if (hasSecret) fields["secret"] = AuditValue.Secret;
        return fields;
    }

    /// <summary>An address as it is, a document by its hash.</summary>
    private static string Short(string metadata) => metadata.Length <= 500 ? metadata : $"sha256:{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(metadata)))}";
}
