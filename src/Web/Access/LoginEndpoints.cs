using Microsoft.AspNetCore.Antiforgery;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.WebUtilities;
using Microsoft.Extensions.DependencyInjection;
using PRTS.Audit;
using PRTS.Storage.Audit;
using PRTS.Web.Access.SignIn;
using PRTS.Web.Audit;
using PRTS.Web.Gateway;

namespace PRTS.Web.Access;

/// <summary>
/// The forms' side of login. The page itself is at GET <c>/login</c>; it posts <c>name</c>, <c>password</c>, <c>returnUrl</c> and the
/// antiforgery field, and shows what comes back in <c>?error=</c> (<c>refused</c>, <c>many</c>, <c>busy</c>, <c>form</c>, <c>elsewhere</c>, <c>emergencies</c>, <c>silent</c>, <c>provider</c>, <c>unrecorded</c>). Who has a second
/// factor goes on to <c>/login/code</c>, which posts <c>code</c>.
/// </summary>
public static class LoginEndpoints
{
    private const string SignIn = "session:begin";
    private const string SignOut = "session:end";

    public static void MapLogin(this IEndpointRouteBuilder app)
    {
        // The page may answer POST too; these come first.
        app.MapPost("/login", Login).OnlyIfRecorded().RateAs(RateClass.SignIn).LimitBody(RequestLimits.Form).AllowAnonymous().DisableAntiforgery().WithOrder(-1).ExcludeFromDescription();
        app.MapPost("/login/code", Code).OnlyIfRecorded().RateAs(RateClass.SignIn).LimitBody(RequestLimits.Form).AllowAnonymous().DisableAntiforgery().WithOrder(-1).ExcludeFromDescription();
        app.MapPost("/logout", Logout).OnlyIfRecorded().LimitBody(RequestLimits.Form).AllowAnonymous().DisableAntiforgery().WithOrder(-1).ExcludeFromDescription();
    }

    private static async Task<IResult> Login(HttpContext http, IAntiforgery antiforgery, PasswordLogin login, CodeChallenge challenge, Sessions sessions, WebOptions options)
    {
        if (await http.PostedForm() is not { } form || !await antiforgery.IsRequestValidAsync(http)) return await NoForm(http, SignIn);
        var returnUrl = LocalOrHome(form["returnUrl"]);
        var tenant = SignInTenant.OfPage(form["tenant"], null, options);
        LoginResult result;
        try
        {
            result = await login.Check(tenant, form["name"].ToString().Trim(), form["password"].ToString(), http.Connection.RemoteIpAddress, http.RequestAborted);
        }
        catch (TooManyPasswordsException)
        {
            return Back(returnUrl, "busy", tenant);
        }

        var audit = http.RequestServices.GetRequiredService<AuditLog>();
        if (result.User is not { } user)
        {
            var name = form["name"].ToString().Trim();
            await audit.Record((await http.AuditSource(tenant, name)).Denied(SignIn, new("user", name), result.Detail ?? result.Problem ?? LoginResult.Refused), http.RequestAborted);
            return Back(returnUrl, result.Problem switch { LoginResult.TooMany => "many", LoginResult.Elsewhere => "elsewhere", LoginResult.EmergenciesOnly => "emergencies", LoginResult.Silent => "silent", _ => "refused" }, tenant);
        }

        if (result.NeedsCode)
        {
            challenge.Set(http, user, returnUrl);
            return TypedResults.LocalRedirect("/login/code");
        }

        await audit.Record(http.AuditSource(user).Allowed(SignIn, new("user", user.Name), after: new() { ["method"] = result.Method }), http.RequestAborted);
        return await sessions.Begin(http, user, result.Method) ? TypedResults.LocalRedirect(returnUrl) : Back(returnUrl, "refused");
    }

    /// <summary>The code of the account whose password was right just now.</summary>
    private static async Task<IResult> Code(HttpContext http, IAntiforgery antiforgery, CodeChallenge challenge, SecondFactors factors, PasswordLogin login, FailureLimiter addresses, Sessions sessions)
    {
        if (await http.PostedForm() is not { } form || !await antiforgery.IsRequestValidAsync(http) || await challenge.Get(http) is not var (user, returnUrl)) return await NoForm(http, SignIn);
        if (addresses.IsBlocked(http.Connection.RemoteIpAddress)) return Back(returnUrl, "many");
        var audit = http.RequestServices.GetRequiredService<AuditLog>();
        if (!await factors.Check(user, form["code"].ToString().Trim(), http.Connection.RemoteIpAddress, http.RequestAborted))
        {
            await audit.Record((await http.AuditSource(user.Tenant, user.Name)).Denied(SignIn, new("user", user.Name), "The code is wrong, was used already, or the account is locked."), http.RequestAborted);
            return TypedResults.LocalRedirect("/login/code?error=refused");
        }

        var method = await login.Method(user, http.RequestAborted) + "+code";
        await audit.Record(http.AuditSource(user).Allowed(SignIn, new("user", user.Name), after: new() { ["method"] = method }), http.RequestAborted);
        challenge.Clear(http);
        return await sessions.Begin(http, user, method) ? TypedResults.LocalRedirect(returnUrl) : Back(returnUrl, "refused");
    }

    private static async Task<IResult> Logout(HttpContext http, IAntiforgery antiforgery, Sessions sessions, AuditLog audit)
    {
        if (await http.PostedForm() is null || !await antiforgery.IsRequestValidAsync(http)) return await NoForm(http, SignOut);
        if (http.User.Session() is { } session) await audit.Record(http.AuditSource().Allowed(SignOut, new("session", session.ToString())), http.RequestAborted);
        await sessions.End(http);
        return TypedResults.LocalRedirect("/login");
    }

    /// <summary>It is not what our page sends, or is too old: another site may have sent it.</summary>
    private static async Task<IResult> NoForm(HttpContext http, string action)
    {
        await http.RequestServices.GetRequiredService<DeniedAttempts>().Record(http.AuditSource().Denied(action, new("session", "*"), $"The form is not one of ours, or is too old. It came from: {Origins.Named(http)}."));
        return Back("/", "form");
    }

    /// <summary>Only a path of ours: no scheme, no host, nothing that a browser reads as one (<c>//</c>, <c>/\</c>), no control characters.</summary>
    public static string LocalOrHome(string? returnUrl) =>
        returnUrl is ['/', ..] and not ['/', '/' or '\\', ..] && !returnUrl.Any(char.IsControl) && !returnUrl.Contains('\\', StringComparison.Ordinal) ? returnUrl : "/";

    /// <summary>Nobody gets in while the audit log cannot be written, and the page says so.</summary>
    internal static T OnlyIfRecorded<T>(this T builder) where T : IEndpointConventionBuilder => builder.AddEndpointFilter(async (context, next) =>
    {
        try
        {
            return await next(context);
        }
        catch (AuditUnavailableException)
        {
            return Back("/", "unrecorded");
        }
    });

    /// <param name="tenant">Null: the page finds it.</param>
    internal static IResult Back(string returnUrl, string error, string? tenant = null) =>
        TypedResults.LocalRedirect(QueryHelpers.AddQueryString("/login", new Dictionary<string, string?> { ["error"] = error, ["returnUrl"] = returnUrl, ["tenant"] = tenant }));
}
