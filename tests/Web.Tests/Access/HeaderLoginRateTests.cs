using System.Net;
using System.Text;
using PRTS.Contracts.Access;
using PRTS.Egress;
using PRTS.Web.Access;
using PRTS.Web.Gateway;
using Xunit;

namespace PRTS.Web.Tests.Access;

/// <summary>Name and password in a header take from the attempts to log in that an address has. The window is an hour: nothing comes back while a test runs.</summary>
public class HeaderLoginRateTests
{
    private const string Account = "/api/v1/account";

    [Fact]
    public async Task Basic_WrongOnes_TakeFromTheFormsBucket_AndRightOnesTakeNothing()
    {
        await using var server = new TestServer { Gateway = new() { Egress = AddressRules.Parse("127.0.0.1", out _), Rates = new() { SignIn = new(3, 3600) } } };
        await server.InitializeAsync();
        using var client = server.Client();
        // All changes before anybody is remembered: what changes in a tenant has everybody asked anew.
        var project = await server.NewProject();
        var (first, fifth) = (await server.NewUser(Role.Viewer), await server.NewUser(Role.Viewer));
        var token = (await server.Get<AccessTokens>().Create(fifth.Id, new() { Name = "test" })).Token;
        var others = new[] { await server.NewUser(Role.Viewer), await server.NewUser(Role.Viewer), await server.NewUser(Role.Viewer) };
        foreach (var user in others.Append(first))
            Assert.Equal(HttpStatusCode.OK, await Status(client, Account, user.Name, TestServer.Password));

        Assert.Equal(HttpStatusCode.Unauthorized, await Status(client, Account, first.Name, "wrong password"));
        Assert.Equal(HttpStatusCode.Unauthorized, await Status(client, Account, "nobody-there", "wrong password"));
        var refs = $"/git/{project}.git/info/refs?service=git-upload-pack";
        Assert.Equal(HttpStatusCode.Unauthorized, await Status(client, refs, "somebody", "wrong password"));

        using var refused = await client.SendAsync(Basic(Account, "somebody-else", "wrong password"));
        Assert.Contains("Too many attempts to log in", await refused.Problem(HttpStatusCode.TooManyRequests, "too-many"), StringComparison.Ordinal);
        Assert.Equal(TimeSpan.FromSeconds(1200), refused.Headers.RetryAfter!.Delta);
        using var git = await client.SendAsync(Basic(refs, "somebody", "wrong password"));
        Assert.Equal((HttpStatusCode.TooManyRequests, "text/plain"), (git.StatusCode, git.Content.Headers.ContentType?.MediaType));
        Assert.Equal(HttpStatusCode.TooManyRequests, (await client.PostAsync("/login", null)).StatusCode);

        // Nobody finds out by guessing on, not even of whom was let in just now; who has a token is not held up.
        Assert.Equal(HttpStatusCode.TooManyRequests, await Status(client, Account, fifth.Name, TestServer.Password));
        Assert.Equal(HttpStatusCode.TooManyRequests, await Status(client, Account, first.Name, TestServer.Password));
        Assert.Equal(HttpStatusCode.OK, await Status(client, Account, "any", token));
    }

    [Fact]
    public async Task Forms_TakeFromTheSameBucket()
    {
        await using var server = new TestServer { Gateway = new() { Egress = AddressRules.Parse("127.0.0.1", out _), Rates = new() { SignIn = new(2, 3600) } } };
        await server.InitializeAsync();
        using var client = server.Client();
        for (var i = 0; i < 2; i++) Assert.Equal(HttpStatusCode.Found, (await client.PostAsync("/login", null)).StatusCode);
        Assert.Equal(HttpStatusCode.TooManyRequests, await Status(client, Account, "somebody", "wrong password"));
    }

    private static async Task<HttpStatusCode> Status(HttpClient client, string address, string name, string password)
    {
        using var answer = await client.SendAsync(Basic(address, name, password));
        return answer.StatusCode;
    }

    private static HttpRequestMessage Basic(string address, string name, string password) => new(HttpMethod.Get, address)
    {
        Headers = { Authorization = new("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes($"{name}:{password}"))) },
    };
}
