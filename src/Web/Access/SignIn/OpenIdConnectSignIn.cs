using System.Collections.Concurrent;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.WebUtilities;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Protocols;
using Microsoft.IdentityModel.Protocols.OpenIdConnect;
using Microsoft.IdentityModel.Tokens;
using PRTS.Api.Access;
using PRTS.Egress;
using PRTS.Storage.Access;

namespace PRTS.Web.Access.SignIn;

/// <summary>A provider's answer cannot be believed, or there is none. The message is for administrators.</summary>
public sealed class SignInException(string message, Exception? inner = null) : Exception(message, inner);

/// <summary>OpenID Connect 1.0: authorization code flow with PKCE (RFC 7636), state, nonce, and the issuer in the answer (RFC 9207).</summary>
public sealed class OpenIdConnectSignIn(SignInProvidersStore providers, EgressClient egress, WebOptions options, TimeProvider time)
{
    /// <summary>Only such that a provider alone can make: none of those with a shared secret, and not "none".</summary>
    private static readonly string[] Algorithms =
    [
        SecurityAlgorithms.RsaSha256, SecurityAlgorithms.RsaSha384, SecurityAlgorithms.RsaSha512, SecurityAlgorithms.RsaSsaPssSha256, SecurityAlgorithms.RsaSsaPssSha384,
        SecurityAlgorithms.RsaSsaPssSha512, SecurityAlgorithms.EcdsaSha256, SecurityAlgorithms.EcdsaSha384, SecurityAlgorithms.EcdsaSha512,
    ];

    private static readonly TimeSpan Skew = TimeSpan.FromMinutes(2);
    private const int LongestAnswer = 256 * 1024;
    private readonly JsonWebTokenHandler handler = new() { MapInboundClaims = false };
    private readonly ConcurrentDictionary<string, ConfigurationManager<OpenIdConnectConfiguration>> configurations = new(StringComparer.Ordinal);

    /// <summary>What the provider knows as our redirect address.</summary>
    public string CallbackOf(string tenant, SignInProvider provider) => $"{options.PublicUrl}/login/oidc/{provider.Name}/callback{SignInTenant.Query(tenant, options)}";

    /// <summary>What was found.</summary>
    /// <exception cref="SignInException"/>
    public async Task<string> Test(SignInProvider provider, CancellationToken cancellationToken)
    {
        Forget(provider.OpenIdConnect!);
        var configuration = await Configuration(provider.OpenIdConnect!, cancellationToken);
        return configuration.SigningKeys.Count > 0 ? $"{configuration.Issuer} answers, with {configuration.SigningKeys.Count} keys. Whether it knows the client, the first sign-in tells."
            : throw new SignInException($"{configuration.Issuer} answers, but has no keys to sign with.");
    }

    /// <summary>Where the browser goes to sign in.</summary>
    /// <exception cref="SignInException"/>
    public async Task<string> Begin(string tenant, SignInProvider provider, BegunSignIn begun, CancellationToken cancellationToken)
    {
        var settings = provider.OpenIdConnect!;
        var configuration = await Configuration(settings, cancellationToken);
        return QueryHelpers.AddQueryString(configuration.AuthorizationEndpoint, new Dictionary<string, string?>(StringComparer.Ordinal)
        {
            ["response_type"] = "code",
            ["client_id"] = settings.ClientId,
            ["redirect_uri"] = CallbackOf(tenant, provider),
            ["scope"] = string.Join(' ', settings.Scopes.Prepend("openid").Distinct(StringComparer.Ordinal)),
            ["state"] = begun.Key,
            ["nonce"] = begun.Nonce,
            ["code_challenge"] = WebEncoders.Base64UrlEncode(SHA256.HashData(Encoding.ASCII.GetBytes(begun.Verifier))),
            ["code_challenge_method"] = "S256",
        });
    }

    /// <summary>Who it is, by what the browser brought back.</summary>
    /// <param name="answer">The query of the callback.</param>
    /// <exception cref="SignInException"/>
    public async Task<ExternalIdentity> Finish(string tenant, SignInProvider provider, BegunSignIn begun, IReadOnlyDictionary<string, string> answer, CancellationToken cancellationToken)
    {
        var settings = provider.OpenIdConnect!;
        // Before anything else is believed: whoever planted this answer does not know the state.
        if (!Same(answer.GetValueOrDefault("state"), begun.Key)) throw new SignInException("The answer belongs to another sign-in (state).");
        // Of this browser's cookies only the browser knows that they are used; whoever keeps one would come back with it.
        var now = time.GetUtcNow();
        if (!await providers.UseAssertion(settings.Issuer, begun.Key, now + SignInState.Lifetime + Skew, now, cancellationToken)) throw new SignInException("The answer came before (state).");
        var configuration = await Configuration(settings, cancellationToken);
        if ((answer.TryGetValue("iss", out var issuer) || configuration.AuthorizationResponseIssParameterSupported) && issuer != configuration.Issuer) throw new SignInException($"The answer comes from the issuer '{issuer}', not '{configuration.Issuer}'.");
        if (answer.TryGetValue("error", out var error)) throw new SignInException($"The provider says '{error}': {answer.GetValueOrDefault("error_description") ?? "no description"}");
        if (answer.GetValueOrDefault("code") is not { Length: > 0 } code) throw new SignInException("The answer has no code.");
        var tokens = await Exchange(tenant, provider, configuration, begun, code, cancellationToken);
        var token = await Validate(Text(tokens, "id_token") ?? throw new SignInException("The provider gave no id_token."), settings, configuration, begun, cancellationToken);
        var claims = new Dictionary<string, JsonElement>(StringComparer.Ordinal);
        Collect(claims, Part(token.EncodedPayload));
        if (Text(tokens, "access_token") is { } access && configuration.UserInfoEndpoint is { Length: > 0 } place && Lacks(claims, settings))
            Collect(claims, await UserInfo(place, access, token.Subject, cancellationToken));
        return new(
            $"{configuration.Issuer}\n{token.Subject}",
            Text(claims, settings.NameClaim) ?? Text(claims, "email") ?? Text(claims, "name") ?? "user",
            Text(claims, "name") ?? "",
            Text(claims, "email"),
            Texts(claims, settings.GroupsClaim));
    }

    private static bool Lacks(Dictionary<string, JsonElement> claims, OpenIdConnectSettings settings) => !claims.ContainsKey(settings.NameClaim) || !claims.ContainsKey(settings.GroupsClaim);

    private async Task<JsonElement> Exchange(string tenant, SignInProvider provider, OpenIdConnectConfiguration configuration, BegunSignIn begun, string code, CancellationToken cancellationToken)
    {
        using var secret = await providers.Secret(tenant, provider.Name, cancellationToken);
        var form = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["grant_type"] = "authorization_code",
            ["code"] = code,
            ["redirect_uri"] = CallbackOf(tenant, provider),
            ["code_verifier"] = begun.Verifier,
        };
        using var request = new HttpRequestMessage(HttpMethod.Post, configuration.TokenEndpoint);
        var client = provider.OpenIdConnect!.ClientId;
        if (secret is null)
            form["client_id"] = client;
        else
            request.Headers.Authorization = new AuthenticationHeaderValue("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes($"{Uri.EscapeDataString(client)}:{Uri.EscapeDataString(secret.Reveal())}")));
        request.Content = new FormUrlEncodedContent(form);
        return await Ask(request, "the token endpoint", cancellationToken);
    }

    private async Task<JsonWebToken> Validate(string text, OpenIdConnectSettings settings, OpenIdConnectConfiguration configuration, BegunSignIn begun, CancellationToken cancellationToken)
    {
        var result = await Check(text, settings, configuration);
        if (!result.IsValid && result.Exception is SecurityTokenSignatureKeyNotFoundException)
        {
            // The provider may have new keys.
            Manager(settings).RequestRefresh();
            result = await Check(text, settings, await Configuration(settings, cancellationToken));
        }

        if (!result.IsValid || result.SecurityToken is not JsonWebToken token) throw new SignInException($"The id_token is refused: {result.Exception?.Message}", result.Exception);
        if (!Same(token.TryGetPayloadValue<string>("nonce", out var nonce) ? nonce : null, begun.Nonce)) throw new SignInException("The id_token belongs to another sign-in (nonce).");
        // Which of two claims or headers of one name holds is said nowhere, and others may read the other.
        if (Part(token.EncodedHeader).TryGetProperty("crit", out _)) throw new SignInException("The id_token is only for who knows its extensions (crit).");
        var party = Text(Part(token.EncodedPayload), "azp");
        if (party is null ? token.Audiences.Skip(1).Any() : party != settings.ClientId) throw new SignInException("The id_token was made for somebody else, too (azp).");
        if (string.IsNullOrEmpty(token.Subject) || token.Subject.Length > 255) throw new SignInException("The id_token has no subject.");
        return token;
    }

    private Task<TokenValidationResult> Check(string token, OpenIdConnectSettings settings, OpenIdConnectConfiguration configuration) => handler.ValidateTokenAsync(token, new()
    {
        ValidIssuer = configuration.Issuer,
        ValidAudience = settings.ClientId,
        IssuerSigningKeys = configuration.SigningKeys,
        ValidAlgorithms = Algorithms,
        ClockSkew = Skew,
        LifetimeValidator = (begins, ends, _, _) => ends > (time.GetUtcNow() - Skew).UtcDateTime && !(begins > (time.GetUtcNow() + Skew).UtcDateTime),
    });

    private async Task<JsonElement> UserInfo(string address, string access, string subject, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, address) { Headers = { Authorization = new AuthenticationHeaderValue("Bearer", access) } };
        var answer = await Ask(request, "the userinfo endpoint", cancellationToken);
        return Text(answer, "sub") == subject ? answer : throw new SignInException("The userinfo endpoint speaks of somebody else.");
    }

    private async Task<JsonElement> Ask(HttpRequestMessage request, string what, CancellationToken cancellationToken)
    {
        try
        {
            request.Headers.Accept.Add(new("application/json"));
            using var response = await egress.Send(request, cancellationToken);
            await using var body = await response.Content.ReadAsStreamAsync(cancellationToken);
            var bytes = new byte[LongestAnswer + 1];
            var length = await body.ReadAtLeastAsync(bytes, bytes.Length, throwOnEndOfStream: false, cancellationToken);
            if (length > LongestAnswer) throw new SignInException($"The answer of {what} is too long.");
            var json = StrictJson.Read(bytes.AsMemory(0, length), what);
            return response.IsSuccessStatusCode ? json : throw new SignInException($"{what} answers {(int)response.StatusCode}: {Text(json, "error_description") ?? Text(json, "error") ?? "no reason"}");
        }
        catch (Exception failure) when (failure is HttpRequestException or IOException)
        {
            throw new SignInException($"{what} cannot be asked: {failure.Message}", failure);
        }
    }

    private async Task<OpenIdConnectConfiguration> Configuration(OpenIdConnectSettings settings, CancellationToken cancellationToken)
    {
        try
        {
            var configuration = await Manager(settings).GetConfigurationAsync(cancellationToken);
            // Whoever serves the document could otherwise name somebody else's issuer.
            if (configuration.Issuer == settings.Issuer) return configuration;
            Forget(settings);
            throw new SignInException($"The provider calls itself '{configuration.Issuer}', and '{settings.Issuer}' is configured.");
        }
        catch (Exception failure) when (failure is InvalidOperationException or IOException or HttpRequestException or ArgumentException or JsonException)
        {
            throw new SignInException($"What the provider says of itself ({settings.Issuer}) cannot be read: {Why(failure)}", failure);
        }
    }

    /// <summary>The library keeps what it has read for hours, and asks again for it every five minutes at most: too long where it was wrong.</summary>
    private void Forget(OpenIdConnectSettings settings) => configurations.TryRemove(settings.Issuer, out _);

    /// <summary>The library wraps what happened twice. What was not sent says which setting would allow it.</summary>
    private static string Why(Exception failure)
    {
        for (var inner = failure; inner is not null; inner = inner.InnerException)
        {
            if (inner is HttpRequestException) return inner.Message;
        }

        return failure.GetBaseException().Message;
    }

    private ConfigurationManager<OpenIdConnectConfiguration> Manager(OpenIdConnectSettings settings) => configurations.GetOrAdd(settings.Issuer, issuer => new(
        issuer.TrimEnd('/') + "/.well-known/openid-configuration", new OpenIdConnectConfigurationRetriever(),
        new HttpDocumentRetriever(egress.Http) { RequireHttps = !issuer.StartsWith("http://", StringComparison.Ordinal) }));

    private static JsonElement Part(string encoded) => StrictJson.Read(Base64UrlEncoder.DecodeBytes(encoded), "the id_token");

    private static void Collect(Dictionary<string, JsonElement> claims, JsonElement source)
    {
        foreach (var claim in source.EnumerateObject()) claims.TryAdd(claim.Name, claim.Value);
    }

    private static string? Text(Dictionary<string, JsonElement> claims, string name) =>
        claims.TryGetValue(name, out var claim) && claim.ValueKind == JsonValueKind.String && claim.GetString() is { Length: > 0 and <= 500 } text ? text : null;

    private static string? Text(JsonElement source, string name) => source.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    private static IReadOnlyList<string> Texts(Dictionary<string, JsonElement> claims, string name) => !claims.TryGetValue(name, out var claim) ? []
        : claim.ValueKind == JsonValueKind.String ? [claim.GetString()!]
        : claim.ValueKind == JsonValueKind.Array ? [.. claim.EnumerateArray().Where(one => one.ValueKind == JsonValueKind.String).Select(one => one.GetString()!)]
        : [];

    private static bool Same(string? one, string other) => one is not null && CryptographicOperations.FixedTimeEquals(Encoding.UTF8.GetBytes(one), Encoding.UTF8.GetBytes(other));
}
