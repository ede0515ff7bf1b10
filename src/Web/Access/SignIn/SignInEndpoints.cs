using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using PRTS.Api.Access;
using PRTS.Audit;
using PRTS.Storage.Access;
using PRTS.Storage.Audit;
using PRTS.Web.Audit;
using PRTS.Web.Gateway;

namespace PRTS.Web.Access.SignIn;

/// <summary>
/// Signing in with a provider: <c>/login/with/NAME</c> sends the browser there, and it comes back to <c>/login/oidc/NAME/callback</c> or
/// <c>/login/saml/NAME/response</c>. What went wrong is in the audit log and the server's; the browser learns only that it did.
/// </summary>
public static partial class SignInEndpoints
{
    private const string SignIn = "session:begin";
    private const string Error = "provider";
    private const int LongestForm = 2 << 20;

    public static void MapSignIn(this IEndpointRouteBuilder app)
    {
        var open = app.MapGroup("/login").OnlyIfRecorded().AllowAnonymous().RateAs(RateClass.SignIn).ExcludeFromDescription();
        open.MapGet("/with/{provider}", Begin);
        open.MapGet("/oidc/{provider}/callback", Callback);
        open.MapPost("/saml/{provider}/response", Response).DisableAntiforgery().LimitBody(LongestForm);
        open.MapPost("/saml/{provider}/finish", Finish).DisableAntiforgery().LimitBody(LongestForm);
        open.MapGet("/saml/{provider}/metadata", Metadata);
    }

    private static async Task<IResult> Begin(string provider, string? returnUrl, HttpContext http, SignInProvidersStore providers, OpenIdConnectSignIn oidc, SamlSignInProvider saml, SignInState state, WebOptions options)
    {
        var (tenant, back) = (SignInTenant.Of(http, options), LoginEndpoints.LocalOrHome(returnUrl));
        if (await Known(http, provider, providers, options) is not { } known || known.Kind == SignInKind.Ldap) return LoginEndpoints.Back(back, Error, tenant);
        try
        {
            if (known.Kind == SignInKind.Saml)
            {
                var (address, request) = saml.Begin(tenant, known);
                state.Set(http, BegunSignIn.New(tenant, known.Name, back, request));
                return TypedResults.Redirect(address);
            }

            var begun = BegunSignIn.New(tenant, known.Name, back);
            var there = await oidc.Begin(tenant, known, begun, http.RequestAborted);
            state.Set(http, begun);
            return TypedResults.Redirect(there);
        }
        catch (SignInException problem)
        {
            return await Refused(http, known, problem.Message, back);
        }
    }

    private static async Task<IResult> Callback(string provider, HttpContext http, SignInProvidersStore providers, OpenIdConnectSignIn oidc, SignInState state, WebOptions options)
    {
        var tenant = SignInTenant.Of(http, options);
        var begun = state.Take(http, tenant, provider);
        if (await Known(http, provider, providers, options) is not { OpenIdConnect: not null } known) return LoginEndpoints.Back("/", Error, tenant);
        if (begun is null) return await Refused(http, known, "The answer belongs to no sign-in of this browser, or came too late.", "/");
        try
        {
            // A parameter that is there twice has no meaning (RFC 6749, 3.1), and is not as if it were missing.
            var answer = http.Request.Query.ToDictionary(parameter => parameter.Key, parameter => parameter.Value.Count == 1 ? parameter.Value.ToString() : "", StringComparer.Ordinal);
            return await Accept(http, known, await oidc.Finish(tenant, known, begun, answer, http.RequestAborted), begun.ReturnUrl);
        }
        catch (SignInException problem)
        {
            return await Refused(http, known, problem.Message, begun.ReturnUrl);
        }
    }

    /// <summary>The browser brings no cookies of ours with a form from elsewhere; from this page of ours it does.</summary>
    private static async Task<IResult> Response(string provider, HttpContext http, SignInProvidersStore providers, WebOptions options)
    {
        if (await Known(http, provider, providers, options) is not { Saml: not null } known || await http.PostedForm() is not { } form) return LoginEndpoints.Back("/", Error, SignInTenant.Of(http, options));
        var fields = new StringBuilder();
        foreach (var name in (string[])["SAMLResponse", "RelayState"])
        {
            foreach (var value in form[name]) fields.Append(System.Globalization.CultureInfo.InvariantCulture, $"<input type=\"hidden\" name=\"{name}\" value=\"{System.Net.WebUtility.HtmlEncode(value)}\">");
        }

        return Results.Content(
            $"<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><title>PRTS</title><script src=\"/_content/PRTS.Web/submit.js\" defer></script></head>"
            + $"<body><form method=\"post\" action=\"/login/saml/{known.Name}/finish{SignInTenant.Query(SignInTenant.Of(http, options), options)}\">{fields}<button type=\"submit\">PRTS</button></form></body></html>", "text/html; charset=utf-8");
    }

    private static async Task<IResult> Finish(string provider, HttpContext http, SignInProvidersStore providers, SamlSignInProvider saml, SignInState state, WebOptions options)
    {
        var tenant = SignInTenant.Of(http, options);
        var begun = state.Take(http, tenant, provider);
        if (await Known(http, provider, providers, options) is not { Saml: not null } known || !http.Request.HasFormContentType) return LoginEndpoints.Back("/", Error, tenant);
        using var body = new MemoryStream();
        await http.Request.Body.CopyToAsync(body, http.RequestAborted);
        var back = begun?.ReturnUrl ?? "/";
        try
        {
            return await Accept(http, known, await saml.Finish(tenant, known, begun, body.ToArray(), http.RequestAborted), back);
        }
        catch (SignInException problem)
        {
            return await Refused(http, known, problem.Message, back);
        }
    }

    private static async Task<IResult> Metadata(string provider, HttpContext http, SignInProvidersStore providers, SamlSignInProvider saml, WebOptions options) =>
        await Known(http, provider, providers, options) is { Saml: not null } known ? Results.Text(saml.Metadata(SignInTenant.Of(http, options), known), "application/samlmetadata+xml") : Results.NotFound();

    private static async Task<SignInProvider?> Known(HttpContext http, string provider, SignInProvidersStore providers, WebOptions options) =>
        await providers.Get(SignInTenant.Of(http, options), provider, http.RequestAborted) is { Enabled: true } known ? known : null;

    private static async Task<IResult> Accept(HttpContext http, SignInProvider provider, ExternalIdentity identity, string returnUrl)
    {
        var options = http.RequestServices.GetRequiredService<WebOptions>();
        var tenant = SignInTenant.Of(http, options);
        var (user, problem) = await http.RequestServices.GetRequiredService<ExternalAccounts>().Accept(tenant, provider, identity, http.RequestAborted);
        if (user is null) return await Refused(http, provider, problem!, returnUrl);
        var audit = http.RequestServices.GetRequiredService<AuditLog>();
        await audit.Record(http.AuditSource(user).Allowed(SignIn, new("user", user.Name), after: new() { ["method"] = provider.Name }), http.RequestAborted);
        return await http.RequestServices.GetRequiredService<Sessions>().Begin(http, user, provider.Name) ? TypedResults.LocalRedirect(returnUrl) : LoginEndpoints.Back(returnUrl, Error, tenant);
    }

    private static async Task<IResult> Refused(HttpContext http, SignInProvider provider, string problem, string returnUrl)
    {
        var tenant = SignInTenant.Of(http, http.RequestServices.GetRequiredService<WebOptions>());
        await http.RequestServices.GetRequiredService<AuditLog>().Record((await http.AuditSource(tenant, provider.Name)).Denied(SignIn, new("sign-in-provider", provider.Name), problem), http.RequestAborted);
        http.RequestServices.GetRequiredService<ILoggerFactory>().CreateLogger(typeof(SignInEndpoints)).LogRefused(provider.Name, problem);
        return LoginEndpoints.Back(returnUrl, Error, tenant);
    }

    [LoggerMessage(LogLevel.Warning, "A sign-in with {Provider} was refused: {Problem}")]
    private static partial void LogRefused(this ILogger log, string provider, string problem);
}
