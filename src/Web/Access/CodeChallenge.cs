using System.Text;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.WebUtilities;
using PRTS.Storage.Users;

namespace PRTS.Web.Access;

/// <summary>Between a right password and the code: a cookie says for five minutes whose password it was. It logs nobody in.</summary>
public sealed class CodeChallenge(IDataProtectionProvider protection, UsersStore users, WebOptions options)
{
    private static readonly TimeSpan Lifetime = TimeSpan.FromMinutes(5);
    private readonly ITimeLimitedDataProtector protector = protection.CreateProtector("prts code challenge").ToTimeLimitedDataProtector();

    public void Set(HttpContext http, StoredUser user, string returnUrl)
    {
        var text = $"{user.Id}\n{Principals.Stamp(user)}\n{returnUrl}";
        http.Response.Cookies.Append(Name, WebEncoders.Base64UrlEncode(protector.Protect(Encoding.UTF8.GetBytes(text), Lifetime)), Cookie(http, Lifetime));
    }

    /// <summary>Null when there is none, it is too old, or the password has changed since.</summary>
    public async Task<(StoredUser User, string ReturnUrl)?> Get(HttpContext http)
    {
        if (http.Request.Cookies[Name] is not { Length: > 0 and < 4096 } value) return null;
        string[] parts;
        try
        {
            parts = Encoding.UTF8.GetString(protector.Unprotect(WebEncoders.Base64UrlDecode(value))).Split('\n', 3);
        }
        catch (Exception forged) when (forged is System.Security.Cryptography.CryptographicException or FormatException)
        {
            return null;
        }

        return await users.Get(Guid.Parse(parts[0]), http.RequestAborted) is { Enabled: true } user && Principals.Stamp(user) == parts[1] ? (user, parts[2]) : null;
    }

    public void Clear(HttpContext http) => http.Response.Cookies.Delete(Name, Cookie(http, null));

    private string Name => AccessServices.CookieName("prts-code", options);

    private CookieOptions Cookie(HttpContext http, TimeSpan? lifetime) => AccessServices.Cookie("prts-code", options, lifetime).Build(http);
}
