using System.Net;
using System.Text;
using Microsoft.AspNetCore.WebUtilities;
using PRTS.Contracts.Access;
using PRTS.Contracts.Builds;
using PRTS.Contracts.Projects;
using PRTS.Storage.Users;
using PRTS.Web.Access;

namespace PRTS.Web.Tests.Access;

/// <summary>A server of its own, on which thousands of wrong credentials lock nobody else out, and one right credential of each kind.</summary>
public sealed class CredentialFixture : IAsyncLifetime
{
    internal const string SessionCookie = "prts-session";
    private readonly SocketsHttpHandler handler = new() { AllowAutoRedirect = false, UseCookies = false, RequestHeaderEncodingSelector = (_, _) => Encoding.UTF8 };

    internal TestServer Server { get; } = new() { Gateway = TestServer.Unbounded };

    internal HttpClient Client { get; private set; } = null!;

    internal ProjectId Project { get; private set; }

    internal StoredUser User { get; private set; } = null!;

    /// <summary>What an agent has while it runs a job.</summary>
    internal string AttemptToken { get; private set; } = "";

    internal string AccessToken { get; private set; } = "";

    /// <summary>The cookie's value.</summary>
    internal string Session { get; private set; } = "";

    internal AttemptId Attempt => new(new(new(Project, 1), "build"), 1);

    public async ValueTask InitializeAsync()
    {
        await Server.InitializeAsync();
        Client = new HttpClient(handler) { BaseAddress = Server.Address };
        Project = await Server.NewProject();
        Server.Get<Recorder>().Runs(Attempt, "agent");
        User = await Server.NewUser(Role.Admin);
        AttemptToken = Server.Attempts.Create(Attempt, "agent");
        AccessToken = (await Server.Get<AccessTokens>().Create(User.Id, new() { Name = "attacked" })).Token;
        Session = await NewSession(User);
    }

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        handler.Dispose();
        await Server.DisposeAsync();
    }

    internal async Task<string> NewSession(StoredUser user)
    {
        using var form = await Client.GetAsync("/test/form");
        using var login = new HttpRequestMessage(HttpMethod.Post, "/login")
        {
            Content = new FormUrlEncodedContent([new("name", user.Name), new("password", TestServer.Password), new("__RequestVerificationToken", await form.Content.ReadAsStringAsync())]),
        };
        login.Headers.TryAddWithoutValidation("Cookie", form.Headers.GetValues("Set-Cookie").Select(cookie => cookie.Split(';')[0]));
        using var answer = await Client.SendAsync(login);
        return Assert.Single(answer.Headers.GetValues("Set-Cookie"), cookie => cookie.StartsWith(SessionCookie + "=", StringComparison.Ordinal)).Split(';')[0][(SessionCookie.Length + 1)..];
    }

    /// <summary>Asks for what the credential opens.</summary>
    internal async Task<HttpStatusCode> Ask(string address, params (string Name, string Value)[] headers)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, address);
        foreach (var (name, value) in headers) request.Headers.TryAddWithoutValidation(name, value);
        using var answer = await Client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        return answer.StatusCode;
    }

    internal const string Account = "/api/v1/account";

    internal string Artifacts => $"/api/v1/projects/{Project}/builds/1/artifacts";

    internal string Refs => $"/git/{Project}.git/info/refs?service=git-upload-pack";

    internal Task<HttpStatusCode> Bearer(string address, string token) => Ask(address, ("Authorization", $"Bearer {token}"));

    internal Task<HttpStatusCode> Basic(string address, string password) => Ask(address, ("Authorization", $"Basic {Convert.ToBase64String(Encoding.UTF8.GetBytes($"x:{password}"))}"));

    internal Task<HttpStatusCode> Cookie(string value) => Ask(Account, ("Cookie", $"{SessionCookie}={value}"));

    /// <summary>Whether the cookie's reader takes both for the same bytes: then nothing was changed but the spelling.</summary>
    internal static bool SameBytes(string one, string other) => Bytes(one) is { } bytes && Bytes(other) is { } others && bytes.AsSpan().SequenceEqual(others);

    private static byte[]? Bytes(string text)
    {
        try
        {
            return WebEncoders.Base64UrlDecode(Uri.UnescapeDataString(text.Trim().Trim('"')));
        }
        catch (FormatException)
        {
            return null;
        }
    }
}
