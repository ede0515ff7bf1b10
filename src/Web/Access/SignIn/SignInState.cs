using System.Security.Cryptography;
using System.Text.Json;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.WebUtilities;
using PRTS.Api;

namespace PRTS.Web.Access.SignIn;

/// <summary>A sign-in that a browser has begun with a provider.</summary>
/// <param name="Tenant">Whose provider it is.</param>
/// <param name="Key">OpenID Connect: the state. SAML: the request's id.</param>
/// <param name="Nonce">What the answer must repeat.</param>
/// <param name="Verifier">Of PKCE.</param>
public sealed record BegunSignIn(string Tenant, string Provider, string Key, string Nonce, string Verifier, string ReturnUrl)
{
    public static BegunSignIn New(string tenant, string provider, string returnUrl, string? key = null) => new(tenant, provider, key ?? Random(), Random(), Random(), returnUrl);

    private static string Random() => WebEncoders.Base64UrlEncode(RandomNumberGenerator.GetBytes(32));
}

/// <summary>
/// Between leaving for a provider and coming back, in a cookie of this browser alone: an answer that was meant for another browser finds
/// none. Once it was looked at it is gone.
/// </summary>
public sealed class SignInState(IDataProtectionProvider protection, WebOptions options)
{
    /// <summary>How long somebody may take at the provider.</summary>
    public static readonly TimeSpan Lifetime = TimeSpan.FromMinutes(15);
    private readonly ITimeLimitedDataProtector protector = protection.CreateProtector("prts sign-in").ToTimeLimitedDataProtector();

    public void Set(HttpContext http, BegunSignIn begun) => http.Response.Cookies.Append(
        Name, WebEncoders.Base64UrlEncode(protector.Protect(JsonSerializer.SerializeToUtf8Bytes(begun, ApiJson.Options), Lifetime)), AccessServices.Cookie("prts-signin", options, Lifetime).Build(http));

    /// <summary>Null when there is none for this provider, or it is too old.</summary>
    public BegunSignIn? Take(HttpContext http, string tenant, string provider)
    {
        if (http.Request.Cookies[Name] is not { Length: > 0 and < 4096 } value) return null;
        http.Response.Cookies.Delete(Name, AccessServices.Cookie("prts-signin", options, null).Build(http));
        try
        {
            return JsonSerializer.Deserialize<BegunSignIn>(protector.Unprotect(WebEncoders.Base64UrlDecode(value)), ApiJson.Options) is { } begun && (begun.Tenant, begun.Provider) == (tenant, provider) ? begun : null;
        }
        catch (Exception forged) when (forged is CryptographicException or FormatException or JsonException)
        {
            return null;
        }
    }

    private string Name => AccessServices.CookieName("prts-signin", options);
}
