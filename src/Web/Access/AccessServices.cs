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
using PRTS.Contracts.Access;
using PRTS.Storage.Settings;
using PRTS.Storage.Users;

namespace PRTS.Web.Access;

/// <summary>Who is it, and may they: one scheme that looks at each request, and one rule for all endpoints and pages.</summary>
public static class AccessServices
{
    public const string CookieScheme = "cookie";
    private const string Scheme = "prts";

    public static IServiceCollection AddAccess(this IServiceCollection services)
    {
        services.TryAddSingleton(TimeProvider.System);
        services.AddSingleton<PasswordHasher>();
        services.AddSingleton<FailureLimiter>();
        services.AddSingleton<PasswordLogin>();
        services.AddSingleton<VerifiedPasswords>();
        services.AddSingleton<Accounts>();
        services.AddSingleton<AccessTokens>();
        services.AddSingleton<FirstAdministrator>();
        services.AddHttpContextAccessor();
        services.AddScoped<AuthenticationStateProvider, SessionRevalidation>();
        services.AddAuthentication(Scheme)
            .AddPolicyScheme(Scheme, null, options => options.ForwardDefaultSelector = Select)
            .AddScheme<AuthenticationSchemeOptions, HeaderAuthentication>(HeaderAuthentication.SchemeName, null)
            .AddCookie(CookieScheme, Configure);
        services.AddSingleton<IAuthorizationPolicyProvider, PermissionPolicies>();
        services.AddSingleton<IAuthorizationHandler, PermissionHandler>();
        services.AddAuthorizationBuilder().SetFallbackPolicy(
            new AuthorizationPolicyBuilder().RequireAuthenticatedUser().RequireAssertion(context => context.User.Role() != Role.None).Build());
        services.AddAntiforgery(options =>
        {
            options.HeaderName = Csrf.Header;
            options.Cookie.Name = "prts-csrf";
            options.Cookie.SameSite = SameSiteMode.Lax;
            options.Cookie.SecurePolicy = CookieSecurePolicy.SameAsRequest;
        });
        services.AddDataProtection().SetApplicationName("PRTS");
        services.AddSingleton<IConfigureOptions<KeyManagementOptions>>(provider =>
            new ConfigureOptions<KeyManagementOptions>(options => options.XmlRepository = new DataProtectionKeys(provider.GetRequiredService<SealedSettings>())));
        return services;
    }

    /// <summary>A header decides where there is one; Git knows nothing else; the rest comes from browsers.</summary>
    private static string Select(HttpContext http) =>
        http.Request.Headers.Authorization.Count > 0 || http.Request.Path.StartsWithSegments("/git", StringComparison.Ordinal)
            ? HeaderAuthentication.SchemeName
            : CookieScheme;

    private static void Configure(CookieAuthenticationOptions options)
    {
        options.Cookie.Name = "prts-session";
        options.Cookie.HttpOnly = true;
        options.Cookie.SameSite = SameSiteMode.Lax;
        options.Cookie.SecurePolicy = CookieSecurePolicy.SameAsRequest;
        options.ExpireTimeSpan = TimeSpan.FromDays(14);
        options.SlidingExpiration = true;
        options.LoginPath = "/login";
        options.ReturnUrlParameter = "returnUrl";
        options.Events.OnValidatePrincipal = Validate;
        options.Events.OnRedirectToLogin = context => Answer(context, StatusCodes.Status401Unauthorized);
        options.Events.OnRedirectToAccessDenied = context => Answer(context, StatusCodes.Status403Forbidden);
    }

    /// <summary>A session ends when its account's password or role changes.</summary>
    private static async Task Validate(CookieValidatePrincipalContext context)
    {
        var users = context.HttpContext.RequestServices.GetRequiredService<UsersStore>();
        if (context.Principal is { } principal && await users.Get(principal.UserId(), context.HttpContext.RequestAborted) is { } user
            && principal.Matches(user) && principal.Role() != Role.None)
        {
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
        (request.Path.StartsWithSegments("/api", StringComparison.Ordinal) || request.Path.StartsWithSegments("/metrics", StringComparison.Ordinal)) && !request.Headers.Accept.ToString().Contains("text/html", StringComparison.Ordinal);
}
