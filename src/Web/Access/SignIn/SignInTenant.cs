using Microsoft.AspNetCore.Http;
using PRTS.Contracts.Projects;

namespace PRTS.Web.Access.SignIn;

/// <summary>
/// In which tenant somebody wants to sign in, before anybody knows who it is: <c>?tenant=NAME</c>, else where this browser was signed in
/// last, else the operator's. Names no account and proves nothing.
/// </summary>
public static class SignInTenant
{
    private const string Cookie = "prts-tenant";
    private static readonly TimeSpan Lifetime = TimeSpan.FromDays(400);

    /// <summary>Of the address alone.</summary>
    public static string Of(HttpContext http, WebOptions options) => Valid(http.Request.Query["tenant"]) ?? options.Tenant;

    public static string OfPage(string? asked, HttpContext? http, WebOptions options) => Valid(asked) ?? Valid(http?.Request.Cookies[AccessServices.CookieName(Cookie, options)]) ?? options.Tenant;

    /// <summary>What is added to an address; nothing for the operator's tenant.</summary>
    public static string Query(string tenant, WebOptions options) => tenant == options.Tenant ? "" : $"?tenant={tenant}";

    public static void Remember(HttpContext http, string tenant, WebOptions options)
    {
        var cookie = AccessServices.Cookie(Cookie, options, Lifetime).Build(http);
        var name = AccessServices.CookieName(Cookie, options);
        if (tenant != options.Tenant) http.Response.Cookies.Append(name, tenant, cookie);
        else if (http.Request.Cookies.ContainsKey(name)) http.Response.Cookies.Delete(name, cookie);
    }

    private static string? Valid(string? name) => name is not null && ProjectId.IsValidName(name) ? name : null;
}
