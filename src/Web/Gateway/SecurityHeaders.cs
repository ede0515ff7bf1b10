using System.Net;
using System.Security.Cryptography;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;

namespace PRTS.Web.Gateway;

/// <summary>What browsers may do with our answers (docs/adr/0015-gateway.md).</summary>
public static class SecurityHeaders
{
    private const string NonceKey = "prts:csp-nonce";

    /// <summary>What is no page loads nothing and is in no frame.</summary>
    private const string NoPage = "default-src 'none'; frame-ancestors 'none'";

    /// <summary>The nonce that this answer's inline scripts must carry (the import map).</summary>
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
            headers["Permissions-Policy"] = "accelerometer=(), camera=(), display-capture=(), geolocation=(), gyroscope=(), magnetometer=(), microphone=(), midi=(), payment=(), usb=()";
            headers["Cross-Origin-Opener-Policy"] = "same-origin";
            headers["Cross-Origin-Embedder-Policy"] = "require-corp";
            if (!headers.ContainsKey("Cross-Origin-Resource-Policy")) headers["Cross-Origin-Resource-Policy"] = "same-origin";
            if (http.Request.IsHttps && !IsThisMachine(http.Request.Host.Host)) headers.StrictTransportSecurity = "max-age=31536000";
            // An endpoint that has set a policy of its own (artifacts) keeps it.
            if (headers.ContentSecurityPolicy.Count == 0)
                headers.ContentSecurityPolicy = http.Response.ContentType?.StartsWith("text/html", StringComparison.OrdinalIgnoreCase) == true ? Page(http) : NoPage;
            return Task.CompletedTask;
        });
        return next(http);
    });

    /// <summary>
    /// Scripts are files of ours or carry the nonce. Component libraries write style attributes (where a menu opens, how wide a column is)
    /// and style elements (how a notice fades) while a page lives, with content that nobody knows beforehand, so styles may be inline.
    /// </summary>
    private static string Page(HttpContext http) =>
        $"default-src 'none'; script-src 'self' 'nonce-{http.CspNonce()}'; script-src-attr 'none'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self' data:; "
        + "connect-src 'self'; manifest-src 'self'; base-uri 'self'; form-action 'self'; frame-ancestors 'none'";

    /// <summary>A developer's browser would keep it for everything else that is ever served at localhost.</summary>
    private static bool IsThisMachine(string host) =>
        host.Equals("localhost", StringComparison.OrdinalIgnoreCase) || (IPAddress.TryParse(host.Trim('[', ']'), out var address) && IPAddress.IsLoopback(address));
}
