using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.WebUtilities;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.IdentityModel.Tokens;

namespace PRTS.Web.Tests.Access.SignIn;

/// <summary>
/// Several identity providers of OpenID Connect in one server: discovery, keys and token endpoint as the standard has them, and for each code
/// the answer that a test wants. It insists on PKCE, on the client's secret, and on each code being used once.
/// </summary>
internal sealed class OidcProvider : IAsyncDisposable
{
    public const string ClientId = "prts-client";
    public const string ClientSecret = "sëcret with: signs & more";
    private readonly WebApplication host;
    private readonly ConcurrentDictionary<string, Code> codes = new(StringComparer.Ordinal);
    private int codesMade;
    private int refused;

    private OidcProvider(WebApplication host) => this.host = host;

    private sealed record Code(string Challenge, string RedirectUri, Func<HttpContext, Task> Answer);

    public Uri Address { get; private set; } = null!;

    public RSA Rsa { get; } = RSA.Create(2048);

    public ECDsa Ec { get; } = ECDsa.Create(ECCurve.NamedCurves.nistP256);

    /// <summary>How often the token endpoint refused whoever asked.</summary>
    public int Refused => refused;

    public string Issuer(string name) => $"{Address.GetLeftPart(UriPartial.Authority)}/{name}";

    public static async Task<OidcProvider> Start()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseKestrel().UseUrls("http://127.0.0.1:0");
        var provider = new OidcProvider(builder.Build());
        provider.Map();
        await provider.host.StartAsync();
        provider.Address = new(provider.host.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First());
        return provider;
    }

    public async ValueTask DisposeAsync()
    {
        await host.DisposeAsync();
        Rsa.Dispose();
        Ec.Dispose();
    }

    /// <summary>A code that is good for one answer.</summary>
    public string NewCode(string challenge, string redirectUri, Func<HttpContext, Task> answer)
    {
        var code = $"code-{Interlocked.Increment(ref codesMade)}";
        codes[code] = new(challenge, redirectUri, answer);
        return code;
    }

    private void Map()
    {
        host.MapGet("/{name}/.well-known/openid-configuration", (string name) => Results.Json(new Dictionary<string, object>(StringComparer.Ordinal)
        {
            ["issuer"] = name == "liar" ? Issuer("alpha") : Issuer(name),
            ["authorization_endpoint"] = $"{Issuer(name)}/authorize",
            ["token_endpoint"] = $"{Issuer(name)}/token",
            ["jwks_uri"] = $"{Issuer(name)}/jwks",
            ["userinfo_endpoint"] = $"{Issuer(name)}/userinfo",
            ["response_types_supported"] = (string[])["code"],
            ["authorization_response_iss_parameter_supported"] = name == "beta",
            ["id_token_signing_alg_values_supported"] = (string[])["RS256", "PS256", "ES256"],
        }));
        host.MapGet("/{name}/jwks", (string name) => Results.Json(new Dictionary<string, object>(StringComparer.Ordinal) { ["keys"] = Keys() }));
        host.MapPost("/{name}/token", Token);
        // The claims of the id_token are enough; whoever is asked beyond them speaks of somebody else.
        host.MapGet("/{name}/userinfo", () => Results.Json(new Dictionary<string, object>(StringComparer.Ordinal) { ["sub"] = "somebody-else", ["preferred_username"] = "somebody-else" }));
    }

    private Dictionary<string, object>[] Keys()
    {
        var (rsa, ec) = (Rsa.ExportParameters(false), Ec.ExportParameters(false));
        return
        [
            new(StringComparer.Ordinal) { ["kty"] = "RSA", ["use"] = "sig", ["kid"] = IdTokens.RsaKey, ["n"] = Base64UrlEncoder.Encode(rsa.Modulus), ["e"] = Base64UrlEncoder.Encode(rsa.Exponent) },
            new(StringComparer.Ordinal) { ["kty"] = "EC", ["use"] = "sig", ["crv"] = "P-256", ["kid"] = IdTokens.EcKey, ["x"] = Base64UrlEncoder.Encode(ec.Q.X), ["y"] = Base64UrlEncoder.Encode(ec.Q.Y) },
        ];
    }

    private async Task Token(HttpContext http)
    {
        var form = await http.Request.ReadFormAsync();
        var client = "Basic " + Convert.ToBase64String(Encoding.UTF8.GetBytes($"{Uri.EscapeDataString(ClientId)}:{Uri.EscapeDataString(ClientSecret)}"));
        var verifier = WebEncoders.Base64UrlEncode(SHA256.HashData(Encoding.ASCII.GetBytes(form["code_verifier"].ToString())));
        if (http.Request.Headers.Authorization != client || form["grant_type"] != "authorization_code"
            || !codes.TryRemove(form["code"].ToString(), out var code) || code.Challenge != verifier || code.RedirectUri != form["redirect_uri"])
        {
            Interlocked.Increment(ref refused);
            http.Response.StatusCode = 400;
            await http.Response.WriteAsJsonAsync(new Dictionary<string, string>(StringComparer.Ordinal) { ["error"] = "invalid_grant" });
            return;
        }

        await code.Answer(http);
    }
}
