using System.Net;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using PRTS.Web.Gateway;

namespace PRTS.Web.Tests.Gateway;

/// <summary>Windows of an hour: nothing comes back while a test runs.</summary>
public class RateLimitTests
{
    private static readonly Rate Few = new(3, 3600);
    private static readonly Rate Many = new(1000, 3600);

    [Fact]
    public async Task User_BeyondTheQuota_Is429AndSaysWhenToComeBack()
    {
        await using var server = await Start(new() { User = Few, Address = Many });
        using var client = server.Client("ada");
        for (var left = 2; left >= 0; left--)
        {
            using var answer = await client.GetAsync("/api/v1/thing");
            Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
            Assert.Equal("\"user\";q=3;w=3600", answer.Headers.GetValues("RateLimit-Policy").Single());
            Assert.Equal($"\"user\";r={left};t={(3 - left) * 1200}", answer.Headers.GetValues("RateLimit").Single());
        }

        using var refused = await client.GetAsync("/api/v1/thing");
        Assert.Contains("3 within 3600 s", await refused.Problem(HttpStatusCode.TooManyRequests, "too-many"), StringComparison.Ordinal);
        Assert.InRange(refused.Headers.RetryAfter!.Delta!.Value.TotalSeconds, 1, 1200);
        Assert.Equal("\"user\";r=0;t=3600", refused.Headers.GetValues("RateLimit").Single());

        // The same user elsewhere is the same user; another one is not.
        using var elsewhere = server.Client("ada", from: "127.0.0.2");
        using var other = server.Client("bob");
        Assert.Equal(HttpStatusCode.TooManyRequests, (await elsewhere.GetAsync("/api/v1/thing")).StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await other.GetAsync("/api/v1/thing")).StatusCode);
    }

    [Fact]
    public async Task Address_WithoutLogin_HasABucketOfItsOwn()
    {
        await using var server = await Start(new() { User = Many, Address = Few });
        using var client = server.Client();
        Assert.Equal([200, 200, 200, 429, 429], await Statuses(client, "/api/v1/thing", 5));
        using var neighbour = server.Client(from: "127.0.0.2");
        Assert.Equal([200], await Statuses(neighbour, "/api/v1/thing", 1));
        // Who has logged in does not pay for others at the same address.
        using var user = server.Client("ada");
        Assert.Equal([200], await Statuses(user, "/api/v1/thing", 1));
    }

    [Fact]
    public async Task SignIn_IsCountedByAddressWhoeverAsks()
    {
        await using var server = await Start(new() { User = Many, Address = Many, SignIn = Few });
        using var client = server.Client();
        using var user = server.Client("ada");
        for (var i = 0; i < 3; i++) Assert.Equal(HttpStatusCode.OK, (await (i == 0 ? user : client).PostAsync("/sign-in", null)).StatusCode);
        await (await user.PostAsync("/sign-in", null)).Problem(HttpStatusCode.TooManyRequests, "too-many");
        Assert.Equal([200], await Statuses(client, "/who", 1));
    }

    [Fact]
    public async Task Agents_HaveTheirOwnAndHealthHasNone()
    {
        await using var server = await Start(new() { User = Few, Address = Few, Agent = Many });
        using var job = server.Client("build-1", "attempt");
        Assert.All(await Statuses(job, "/api/v1/thing", 20), status => Assert.Equal(200, status));
        using var client = server.Client();
        Assert.All(await Statuses(client, "/cluster/x", 20), status => Assert.Equal(200, status));
        Assert.All(await Statuses(client, "/free", 20), status => Assert.Equal(200, status));
    }

    [Fact]
    public async Task Git_IsToldInPlainText()
    {
        await using var server = await Start(new() { Address = new(1, 3600) });
        using var client = server.Client();
        await Statuses(client, "/git/x", 1);
        using var refused = await client.GetAsync("/git/x");
        Assert.Equal(HttpStatusCode.TooManyRequests, refused.StatusCode);
        Assert.Equal("text/plain", refused.Content.Headers.ContentType?.MediaType);
        Assert.StartsWith("Too many requests", await refused.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Addresses_HoweverMany_FillABoundedNumberOfBuckets()
    {
        const int Asked = 60_000;
        using var limits = new RateLimits(new() { Rates = new() { Address = new(1, 3600) } });
        await using var services = new ServiceCollection().AddLogging().BuildServiceProvider();
        var passed = 0;
        var bytes = new byte[16];
        for (var i = 0; i < Asked; i++)
        {
            // Each in a /64 of its own: an attacker's network has billions.
            BitConverter.TryWriteBytes(bytes.AsSpan(2), i);
            bytes[0] = 0x20;
            var http = new DefaultHttpContext { RequestServices = services, Connection = { RemoteIpAddress = new IPAddress(bytes) } };
            http.Response.Body = Stream.Null;
            await limits.Handle(http, _ =>
            {
                passed++;
                return Task.CompletedTask;
            });
        }

        Assert.InRange(passed, 10_000, 16_384);
    }

    [Theory]
    [InlineData("192.0.2.1", "192.0.2.1")]
    [InlineData("::ffff:192.0.2.1", "192.0.2.1")]
    [InlineData("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::")]
    public void AddressGroup_IsAnIPv6Network(string address, string group) => Assert.Equal(IPAddress.Parse(group), AddressGroup.Of(IPAddress.Parse(address)));

    [Fact]
    public void Defaults_AreFarAboveWhatPeopleDo()
    {
        var rates = new RateSettings();
        Assert.True(rates.User.Quota / rates.User.Window >= 1000);
        Assert.True(rates.Agent.Quota / rates.Agent.Window >= rates.User.Quota / rates.User.Window);
        Assert.True(rates.SignIn.Quota / rates.SignIn.Window <= 1);
    }

    [Theory]
    [InlineData("100/60", 100, 60)]
    [InlineData("0/60", null, null)]
    [InlineData("100", null, null)]
    [InlineData("100/0", null, null)]
    [InlineData("-1/5", null, null)]
    public void Rate_Text_IsRequestsBySeconds(string text, int? quota, int? window)
    {
        var rate = Rate.Parse(text);
        Assert.Equal((quota, window), (rate?.Quota, rate?.Window));
    }

    private static Task<GatewayServer> Start(RateSettings rates) => GatewayServer.Start(new() { Rates = rates });

    private static async Task<List<int>> Statuses(HttpClient client, string address, int times)
    {
        var statuses = new List<int>();
        for (var i = 0; i < times; i++)
        {
            using var answer = await client.GetAsync(address);
            statuses.Add((int)answer.StatusCode);
        }

        return statuses;
    }
}
