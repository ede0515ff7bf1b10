using System.Net;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.WebUtilities;
using PRTS.Api.Access;
using PRTS.Api.Secrets;
using PRTS.Contracts.Projects;
using PRTS.Storage.Access;

namespace PRTS.Web.Tests.Access.SignIn;

/// <summary>The web layer with providers that it may reach on this machine, and without a bound on the attempts of one address.</summary>
public sealed class OidcFixture : IAsyncLifetime
{
    internal TestServer Server { get; } = new() { Gateway = TestServer.Unbounded };

    internal OidcProvider Provider { get; private set; } = null!;

    internal HttpClient Client { get; private set; } = null!;

    public async ValueTask InitializeAsync()
    {
        await Server.InitializeAsync();
        Provider = await OidcProvider.Start();
        Client = Server.Client();
        foreach (var name in (string[])["alpha", "beta", "liar"])
        {
            using var secret = SecretText.Of(OidcProvider.ClientSecret);
            await Server.Get<SignInProvidersStore>().Set(ProjectId.DefaultTenant, new() { Name = name, OpenIdConnect = new() { Issuer = Provider.Issuer(name), ClientId = OidcProvider.ClientId } }, secret, keeps: false);
        }
    }

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        await Provider.DisposeAsync();
        await Server.DisposeAsync();
    }

    /// <summary>A sign-in as far as the browser's way to the provider.</summary>
    /// <param name="Cookie">As the browser sends it.</param>
    internal sealed record Begun(string Provider, string Cookie, string State, string Nonce, string Challenge, string RedirectUri)
    {
        public string Callback => $"/login/oidc/{Provider}/callback";
    }

    internal async Task<Begun> Begin(string provider)
    {
        using var answer = await Client.GetAsync($"/login/with/{provider}?returnUrl=/there");
        Assert.Equal(HttpStatusCode.Redirect, answer.StatusCode);
        var query = QueryHelpers.ParseQuery(answer.Headers.Location!.Query);
        Assert.Equal(("code", "S256", OidcProvider.ClientId), (query["response_type"].ToString(), query["code_challenge_method"].ToString(), query["client_id"].ToString()));
        return new(provider, Assert.Single(answer.Headers.GetValues("Set-Cookie")).Split(';')[0], query["state"]!, query["nonce"]!, query["code_challenge"]!, query["redirect_uri"]!);
    }

    /// <summary>Comes back from the provider.</summary>
    internal async Task<SignInOutcome> Answer(string address, string? cookie)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, address);
        if (cookie is not null) request.Headers.TryAddWithoutValidation("Cookie", cookie);
        using var answer = await Client.SendAsync(request);
        return SignInOutcome.Of(answer);
    }

    /// <summary>A whole sign-in in which the provider gives this id_token.</summary>
    internal Task<SignInOutcome> SignIn(string provider, string subject, Func<IdTokenOf, string> token) => SignIn(provider, begun =>
    {
        var text = token(new(Provider, Provider.Issuer(provider), begun.Nonce, subject));
        return http => http.Response.WriteAsJsonAsync(new JsonObject { ["access_token"] = "access", ["token_type"] = "Bearer", ["expires_in"] = 300, ["id_token"] = text });
    });

    /// <summary>A whole sign-in in which the token endpoint gives this answer.</summary>
    internal async Task<SignInOutcome> SignIn(string provider, Func<Begun, Func<HttpContext, Task>> answer)
    {
        var begun = await Begin(provider);
        var code = Provider.NewCode(begun.Challenge, begun.RedirectUri, answer(begun));
        return await Answer(QueryHelpers.AddQueryString(begun.Callback, Query(begun, code)), begun.Cookie);
    }

    internal Dictionary<string, string?> Query(Begun begun, string code) => new(StringComparer.Ordinal) { ["code"] = code, ["state"] = begun.State, ["iss"] = Provider.Issuer(begun.Provider) };
}
