using System.Net;
using System.Net.WebSockets;
using System.Text;
using PRTS.Web.Gateway;

namespace PRTS.Web.Tests.Gateway;

public class GatewayTests
{
    [Theory]
    [InlineData(null, "203.0.113.9", null, "127.0.0.1 http")]
    [InlineData("10.0.0.0/8", "203.0.113.9", "https", "127.0.0.1 http")]
    [InlineData("127.0.0.0/8", "203.0.113.9", "https", "203.0.113.9 https")]
    // Each proxy adds who asked it: what stands before the first that is not ours, anybody may have written.
    [InlineData("127.0.0.0/8", "198.51.100.1, 203.0.113.9", null, "203.0.113.9 http")]
    [InlineData("127.0.0.0/8,10.0.0.0/8", "198.51.100.1, 203.0.113.9, 10.1.1.1", null, "203.0.113.9 http")]
    public async Task ForwardedFor_IsBelievedFromTrustedProxiesOnly(string? trusted, string forwardedFor, string? proto, string seen)
    {
        await using var server = await GatewayServer.Start(new() { TrustedProxies = [.. (trusted ?? "").Split(',', StringSplitOptions.RemoveEmptyEntries).Select(network => IPNetwork.Parse(network))] });
        using var client = server.Client();
        client.DefaultRequestHeaders.Add("X-Forwarded-For", forwardedFor);
        if (proto is not null) client.DefaultRequestHeaders.Add("X-Forwarded-Proto", proto);
        Assert.Equal(seen, await client.GetStringAsync("/who"));
    }

    [Fact]
    public async Task ForwardedFor_Spoofed_DoesNotMakeANewCallerOfTheSameOne()
    {
        await using var server = await GatewayServer.Start(new() { Rates = new() { Address = new(1, 3600) } });
        using var client = server.Client();
        Assert.Equal(HttpStatusCode.OK, (await client.GetAsync("/who")).StatusCode);
        client.DefaultRequestHeaders.Add("X-Forwarded-For", "203.0.113.9");
        Assert.Equal(HttpStatusCode.TooManyRequests, (await client.GetAsync("/who")).StatusCode);
    }

    [Theory]
    [InlineData(null, true)]
    [InlineData("own", true)]
    [InlineData("own over https", true)]
    [InlineData("http://prts.test", true)]
    [InlineData("https://ci.example.com", true)]
    [InlineData("http://evil.example", false)]
    [InlineData("http://prts.test.evil.example", false)]
    [InlineData("https://ci.example.com:444", false)]
    [InlineData("null", false)]
    public async Task WebSocket_FromAnotherSite_IsRefused(string? origin, bool allowed)
    {
        await using var server = await GatewayServer.Start(new() { Origins = ["https://ci.example.com/"] });
        using var socket = new ClientWebSocket();
        socket.Options.CollectHttpResponseDetails = true;
        if (origin is not null) socket.Options.SetRequestHeader("Origin", origin switch { "own" => server.Origin, "own over https" => $"https://{server.Address.Authority}", _ => origin });
        var address = new UriBuilder(server.Address) { Scheme = "ws", Path = "/_blazor" }.Uri;
        if (allowed)
        {
            await socket.ConnectAsync(address, CancellationToken.None);
            Assert.Equal(WebSocketState.Open, socket.State);
            return;
        }

        await Assert.ThrowsAsync<WebSocketException>(() => socket.ConnectAsync(address, CancellationToken.None));
        Assert.Equal(HttpStatusCode.Forbidden, socket.HttpStatusCode);
        // The hub's other transports are no way around.
        using var client = server.Client();
        using var negotiate = new HttpRequestMessage(HttpMethod.Post, "/_blazor/negotiate") { Headers = { { "Origin", origin } } };
        await (await client.SendAsync(negotiate)).Problem(HttpStatusCode.Forbidden, "origin");
    }

    [Theory]
    [InlineData("/form", null, null, true)]
    [InlineData("/form", "own", "same-origin", true)]
    [InlineData("/form", null, "none", true)]
    [InlineData("/form", "http://evil.example", "cross-site", false)]
    [InlineData("/form", "http://evil.example", null, false)]
    [InlineData("/form", null, "cross-site", false)]
    [InlineData("/form", null, "same-site", false)]
    [InlineData("/form", "null", null, false)]
    [InlineData("/api/v1/thing", "own", "same-origin", true)]
    [InlineData("/api/v1/thing", null, null, false)]
    [InlineData("/api/v1/thing", "own", "cross-site", false)]
    public async Task Change_WithACookieFromAnotherSite_IsRefused(string path, string? origin, string? site, bool allowed)
    {
        await using var server = await GatewayServer.Start(new());
        HttpRequestMessage Request()
        {
            var request = new HttpRequestMessage(HttpMethod.Post, path) { Content = new StringContent("{}", Encoding.UTF8, "application/json") };
            if (origin is not null) request.Headers.Add("Origin", origin == "own" ? server.Origin : origin);
            if (site is not null) request.Headers.Add("Sec-Fetch-Site", site);
            return request;
        }

        using var browser = server.Client("ada", "cookie");
        using var answer = await browser.SendAsync(Request());
        if (allowed) Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        else await answer.Problem(HttpStatusCode.Forbidden, "csrf");
        // A token is not sent by itself: it may come from anywhere.
        using var program = server.Client("ada");
        Assert.Equal(HttpStatusCode.OK, (await program.SendAsync(Request())).StatusCode);
    }

    [Fact]
    public async Task Api_ThatTakesTooLong_Is504AndStreamsAreNot()
    {
        await using var server = await GatewayServer.Start(new() { ApiTimeout = TimeSpan.FromMilliseconds(100) });
        using var client = server.Client("ada");
        await (await client.GetAsync("/api/v1/slow")).Problem(HttpStatusCode.GatewayTimeout, "timeout");
        Assert.Equal("unlimited", await client.GetStringAsync("/api/v1/stream"));
    }

    [Fact]
    public async Task Headers_OfPagesAndOfAnswersToPrograms()
    {
        await using var server = await GatewayServer.Start(new());
        using var client = server.Client();
        using var page = await client.GetAsync("/page");
        var policy = Header(page, "Content-Security-Policy");
        Assert.Contains("default-src 'none'", policy, StringComparison.Ordinal);
        Assert.Matches("script-src 'self' 'nonce-[^']+'; script-src-attr 'none'", policy);
        Assert.Contains("style-src 'self' 'unsafe-inline'", policy, StringComparison.Ordinal);
        Assert.Contains("frame-ancestors 'none'", policy, StringComparison.Ordinal);
        Assert.Equal("same-origin", Header(page, "Cross-Origin-Opener-Policy"));
        Assert.Equal("require-corp", Header(page, "Cross-Origin-Embedder-Policy"));
        Assert.Equal("same-origin", Header(page, "Cross-Origin-Resource-Policy"));
        Assert.Equal("same-origin", Header(page, "Referrer-Policy"));
        Assert.Equal("nosniff", Header(page, "X-Content-Type-Options"));
        Assert.False(page.Headers.Contains("Strict-Transport-Security"));
        using var again = await client.GetAsync("/page");
        Assert.NotEqual(policy, Header(again, "Content-Security-Policy"));
        using var answer = await client.GetAsync("/api/v1/thing");
        Assert.Equal("default-src 'none'; frame-ancestors 'none'", Header(answer, "Content-Security-Policy"));
    }

    [Fact]
    public async Task PlainHttp_WhereTlsEndsHere_IsSentToHttps()
    {
        await using var server = await GatewayServer.Start(new() { Tls = true, TrustedProxies = [IPNetwork.Parse("127.0.0.2/32")] });
        using var client = server.Client();
        using var page = await client.GetAsync("/page?a=1");
        Assert.Equal(HttpStatusCode.PermanentRedirect, page.StatusCode);
        Assert.Equal($"https://{server.Address.Authority}/page?a=1", page.Headers.Location?.OriginalString);
        await (await client.PostAsync("/api/v1/thing", null)).Problem(HttpStatusCode.Forbidden, "https");
        Assert.Equal("free", await client.GetStringAsync("/free"));

        // A trusted proxy says that the browser did come over TLS; anybody else cannot.
        client.DefaultRequestHeaders.Add("X-Forwarded-Proto", "https");
        Assert.Equal(HttpStatusCode.PermanentRedirect, (await client.GetAsync("/page")).StatusCode);
        using var proxy = server.Client(from: "127.0.0.2");
        proxy.DefaultRequestHeaders.Host = "ci.example.com";
        proxy.DefaultRequestHeaders.Add("X-Forwarded-For", "203.0.113.9");
        proxy.DefaultRequestHeaders.Add("X-Forwarded-Proto", "https");
        using var secure = await proxy.GetAsync("/page");
        Assert.Equal(HttpStatusCode.OK, secure.StatusCode);
        Assert.Equal("max-age=31536000", Header(secure, "Strict-Transport-Security"));
    }

    private static string Header(HttpResponseMessage answer, string name) => answer.Headers.GetValues(name).Single();
}
