using System.Security.Cryptography;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;

namespace PRTS.Web.Access;

public static class SecurityHeaders
{
    private const string NonceKey = "prts:csp-nonce";

    /// <summary>The nonce that this answer's inline scripts must carry (the import map, the theme before the first paint).</summary>
    public static string CspNonce(this HttpContext http)
    {
        if (http.Items[NonceKey] is string nonce) return nonce;
        nonce = Convert.ToBase64String(RandomNumberGenerator.GetBytes(16));
        http.Items[NonceKey] = nonce;
        return nonce;
    }

    public static IApplicationBuilder UseSecurityHeaders(this IApplicationBuilder app) => app.Use((http, next) =>
    {
        http.Response.OnStarting(() =>
        {
            var headers = http.Response.Headers;
            headers.XContentTypeOptions = "nosniff";
            headers["Referrer-Policy"] = "same-origin";
            headers["Permissions-Policy"] = "camera=(), geolocation=(), microphone=()";
            // An endpoint that has set a stricter policy (artifacts) keeps it.
            if (headers.ContentSecurityPolicy.Count == 0) headers.ContentSecurityPolicy = Policy(http);
            return Task.CompletedTask;
        });
        return next(http);
    });

    /// <summary>Component libraries set style attributes, hence inline styles; scripts are ours or carry the nonce.</summary>
    private static string Policy(HttpContext http) =>
        $"default-src 'self'; script-src 'self' {Scripts(http)}; style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self' data:; "
        + "connect-src 'self'; object-src 'none'; base-uri 'self'; form-action 'self'; frame-ancestors 'self'";

    /// <summary>Two pages made by others bring inline scripts of their own.</summary>
    private static string Scripts(HttpContext http) =>
        http.Request.Path.StartsWithSegments("/api/docs", StringComparison.Ordinal) || http.Request.Path.StartsWithSegments("/orleans", StringComparison.Ordinal)
            ? "'unsafe-inline'"
            : $"'nonce-{http.CspNonce()}'";
}
