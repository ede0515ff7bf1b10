using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authentication.Cookies;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Components.Authorization;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.AspNetCore.DataProtection.KeyManagement;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;
using PRTS.Storage.Settings;
using PRTS.Storage.Users;
using PRTS.Web.Access.SignIn;
using PRTS.Web.Audit;
using PRTS.Web.Rest;

namespace PRTS.Web.Access;

/// <summary>Who is it, and may they: one scheme that looks at each request, and one rule for all endpoints and pages.</summary>
public static class AccessServices
{
    public const string CookieScheme = "cookie";
    private const string Scheme = "prts";

    public static IServiceCollection AddAccess(this IServiceCollection services, WebOptions web)
    {
        services.TryAddSingleton(TimeProvider.System);
        services.AddSingleton<PasswordHasher>();
        services.AddSingleton<FailureLimiter>();
        services.AddSingleton<PasswordLogin>();
        services.AddSingleton<WrongSecrets>();
        services.AddSingleton<SecondFactors>();
        services.AddSingleton<CodeChallenge>();
        services.AddSingleton<SignInState>();
        services.AddSingleton<OpenIdConnectSignIn>();
        services.AddSingleton<SamlSignInProvider>();
        services.AddSingleton<LdapSignIn>();
        services.AddSingleton<ExternalAccounts>();
        services.AddSingleton<DirectoryLogin>();
        services.AddSingleton<SignInSettings>();
        services.AddSingleton<VerifiedPasswords>();
        services.AddSingleton<Accounts>();
        services.AddSingleton<AccessAudit>();
        services.AddSingleton<AccessDirectory>();
        services.AddSingleton<DirectoryChanges>();
        services.AddSingleton(provider => new SessionsStore(provider.GetRequiredService<Npgsql.NpgsqlDataSource>(), provider.GetRequiredService<TimeProvider>(), web.SessionIdle));
        services.AddSingleton<SignedIn>();
        services.AddSingleton<SigningKeys>();
        services.AddSingleton<ShortLivedTokens>();
        services.AddSingleton<Sessions>();
        services.AddSingleton<OpenRequests>();
        services.AddHostedService<AccessListener>();
        services.AddSingleton<AccessTokens>();
        services.AddSingleton<FirstAdministrator>();
        services.AddHttpContextAccessor();
        services.AddScoped<AuthenticationStateProvider, SessionRevalidation>();
        services.AddScoped<PageAudit>();
        services.AddAuthentication(Scheme)
            .AddPolicyScheme(Scheme, null, options => options.ForwardDefaultSelector = Select)
            .AddScheme<AuthenticationSchemeOptions, HeaderAuthentication>(HeaderAuthentication.SchemeName, null)
            .AddCookie(CookieScheme, options => Configure(options, web));
        services.AddSingleton<IAuthorizationPolicyProvider, PermissionPolicies>();
        services.AddSingleton<IAuthorizationHandler, PermissionHandler>();
        services.AddSingleton<IAuthorizationMiddlewareResultHandler, AuditedRefusals>();
        services.AddAuthorizationBuilder().SetFallbackPolicy(
            new AuthorizationPolicyBuilder().RequireAuthenticatedUser().RequireAssertion(context => context.User.Facts() is { Enabled: true }).Build());
        services.AddAntiforgery(options =>
        {
            options.HeaderName = Csrf.Header;
            Bind(options.Cookie, "prts-csrf", web);
        });
        services.AddDataProtection().SetApplicationName("PRTS");
        services.AddSingleton<IConfigureOptions<KeyManagementOptions>>(provider =>
            new ConfigureOptions<KeyManagementOptions>(options => options.XmlRepository = new DataProtectionKeys(provider.GetRequiredService<SealedSettings>())));
        return services;
    }

    /// <summary>A header decides where there is one; Git knows nothing else; the rest comes from browsers.</summary>
    private static string Select(HttpContext http) =>
        http.Request.Headers.Authorization.Count > 0 || http.Request.Path.StartsWithSegments("/git", StringComparison.OrdinalIgnoreCase)
            ? HeaderAuthentication.SchemeName
            : CookieScheme;

    internal static string CookieName(string name, WebOptions web) => web.Gateway.IsSecure(web.PublicUrl) ? $"__Host-{name}" : name;

    /// <summary>A cookie for this host alone that no script reads.</summary>
    internal static CookieBuilder Cookie(string name, WebOptions web, TimeSpan? lifetime)
    {
        var cookie = new CookieBuilder { MaxAge = lifetime };
        Bind(cookie, name, web);
        return cookie;
    }

    /// <summary>Over TLS the name itself makes browsers refuse such a cookie from anybody but this host, and send it nowhere else (<c>__Host-</c>).</summary>
    private static void Bind(CookieBuilder cookie, string name, WebOptions web)
    {
        var isSecure = web.Gateway.IsSecure(web.PublicUrl);
        cookie.Name = CookieName(name, web);
        cookie.Path = "/";
        cookie.HttpOnly = true;
        cookie.SameSite = SameSiteMode.Lax;
        cookie.SecurePolicy = isSecure ? CookieSecurePolicy.Always : CookieSecurePolicy.SameAsRequest;
    }

    private static void Configure(CookieAuthenticationOptions options, WebOptions web)
    {
        Bind(options.Cookie, "prts-session", web);
        options.ExpireTimeSpan = web.SessionLifetime;
        options.SlidingExpiration = false;
        options.LoginPath = "/login";
        options.ReturnUrlParameter = "returnUrl";
        options.Events.OnValidatePrincipal = Validate;
        options.Events.OnRedirectToLogin = context => Answer(context, StatusCodes.Status401Unauthorized);
        options.Events.OnRedirectToAccessDenied = context => Answer(context, StatusCodes.Status403Forbidden);
    }

    /// <summary>A session has the rights that its account has now, and ends when it is ended or the password changes.</summary>
    private static async Task Validate(CookieValidatePrincipalContext context)
    {
        if (context.Principal is { } principal && await context.HttpContext.RequestServices.GetRequiredService<SignedIn>().Again(principal, isUse: true, context.HttpContext.RequestAborted) is { } now)
        {
            context.ReplacePrincipal(now);
            return;
        }

        context.RejectPrincipal();
        await context.HttpContext.SignOutAsync(CookieScheme);
    }

    /// <summary>Programs get a status, people the login page; a page that is not theirs is a plain 403.</summary>
    private static Task Answer(RedirectContext<CookieAuthenticationOptions> context, int status)
    {
        if (status == StatusCodes.Status403Forbidden || IsForPrograms(context.Request)) context.Response.StatusCode = status;
        else context.Response.Redirect(context.RedirectUri);
        return Task.CompletedTask;
    }

    private static bool IsForPrograms(HttpRequest request) =>
        ProgramPaths.Contain(request.Path) && !request.Headers.Accept.ToString().Contains("text/html", StringComparison.Ordinal);
}
