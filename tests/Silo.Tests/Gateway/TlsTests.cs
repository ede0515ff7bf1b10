using System.Net;
using System.Net.Http.Json;
using System.Net.Security;
using System.Net.Sockets;
using System.Net.WebSockets;
using System.Security.Authentication;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using PRTS.Web.Gateway;

namespace PRTS.Silo.Tests.Gateway;

/// <summary>One server that ends TLS with a certificate of its own, with a TLS 1.2 client and plain sockets before it.</summary>
public sealed class TlsServer(ServerFixture fixture) : IAsyncLifetime
{
    public RunningServer Server { get; private set; } = null!;

    public async ValueTask InitializeAsync() => Server = await RunningServer.Start(RunningServer.Options(await fixture.NewDatabase(), ("PRTS_TLS", "self"), ("PRTS_TLS_HOSTS", "ci.example.com")));

    public ValueTask DisposeAsync() => Server.DisposeAsync();
}

public sealed partial class TlsTests(TlsServer tls) : IClassFixture<TlsServer>
{
    private RunningServer Server => tls.Server;

    [Theory]
    [InlineData("h2")]
    [InlineData("http/1.1")]
    public async Task Handshake_Tls13_NegotiatesBothProtocols(string protocol)
    {
        await using var stream = await Handshake(SslProtocols.Tls13, protocol);
        Assert.Equal(SslProtocols.Tls13, stream.SslProtocol);
        Assert.Equal(protocol, Encoding.ASCII.GetString(stream.NegotiatedApplicationProtocol.Protocol.Span));
    }

    [Fact]
    public async Task Handshake_Tls12_IsRefusedUnlessItIsAskedFor()
    {
        var refused = await Assert.ThrowsAnyAsync<Exception>(() => Handshake(SslProtocols.Tls12, "h2"));
        Assert.True(refused is AuthenticationException or IOException, refused.ToString());
    }

    [Fact]
    public async Task Api_OverHttp2_IsServed()
    {
        using var client = Server.Administrator();
        (client.DefaultRequestVersion, client.DefaultVersionPolicy) = (HttpVersion.Version20, HttpVersionPolicy.RequestVersionExact);
        using var answer = await client.GetAsync("/api/v1/account");
        Assert.Equal((HttpStatusCode.OK, HttpVersion.Version20), (answer.StatusCode, answer.Version));
        Assert.StartsWith("\"user\";r=", answer.Headers.GetValues("RateLimit").Single(), StringComparison.Ordinal);
        using var large = await client.PostAsync("/api/v1/projects", new StringContent(new string(' ', 1 << 21), Encoding.UTF8, "application/json"));
        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, large.StatusCode);
        Assert.Equal("too-large", (await large.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("code").GetString());
    }

    [Fact]
    public async Task PlainHttp_OnTheSamePort_IsSentToHttpsAndHealthIsServed()
    {
        using var client = new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false }) { BaseAddress = new UriBuilder(Server.Address) { Scheme = "http" }.Uri };
        using var page = await client.GetAsync("/login?x=1");
        Assert.Equal(HttpStatusCode.PermanentRedirect, page.StatusCode);
        Assert.Equal(new Uri(Server.Address, "/login?x=1"), page.Headers.Location);
        using var change = await client.PostAsJsonAsync("/api/v1/projects", new { });
        Assert.Equal(HttpStatusCode.Forbidden, change.StatusCode);
        Assert.Equal("https", (await change.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("code").GetString());
        Assert.Equal("Healthy", await client.GetStringAsync("/healthz/live"));
    }

    [Fact]
    public async Task Hsts_IsSaidOfRealHostsOverTls()
    {
        using var client = Server.Client();
        using var here = await client.GetAsync("/login");
        Assert.False(here.Headers.Contains("Strict-Transport-Security"));
        client.DefaultRequestHeaders.Host = "ci.example.com";
        using var named = await client.GetAsync("/login");
        Assert.Equal("max-age=31536000", named.Headers.GetValues("Strict-Transport-Security").Single());
    }

    [Fact]
    public async Task Login_OverTls_SetsCookiesBoundToThisHost()
    {
        using var admin = JsonDocument.Parse(await File.ReadAllTextAsync(Server.InHome("admin.json")));
        using var client = Server.Client();
        using var page = await client.GetAsync("/login");
        var field = Field().Match(await page.Content.ReadAsStringAsync()).Groups["value"].Value;
        var guard = page.Headers.GetValues("Set-Cookie").Single(cookie => cookie.StartsWith("__Host-prts-csrf=", StringComparison.Ordinal));
        using var login = new HttpRequestMessage(HttpMethod.Post, "/login")
        {
            Content = new FormUrlEncodedContent(
            [
                new("name", "admin"), new("password", admin.RootElement.GetProperty("password").GetString()), new("returnUrl", "/"), new("__RequestVerificationToken", field),
            ]),
            Headers = { { "Cookie", guard.Split(';')[0] } },
        };
        using var answer = await client.SendAsync(login);
        Assert.Equal("/", answer.Headers.Location?.OriginalString);
        var session = answer.Headers.GetValues("Set-Cookie").Single(cookie => cookie.StartsWith("__Host-prts-session=", StringComparison.Ordinal));
        Assert.All([guard, session], cookie =>
        {
            Assert.Contains("secure", cookie, StringComparison.OrdinalIgnoreCase);
            Assert.Contains("httponly", cookie, StringComparison.OrdinalIgnoreCase);
            Assert.Contains("path=/;", cookie, StringComparison.OrdinalIgnoreCase);
        });
    }

    [Theory]
    [InlineData("1.1")]
    [InlineData("2.0")]
    public async Task WebSocket_OfAForeignPage_IsRefused(string version)
    {
        using var socket = new ClientWebSocket();
        socket.Options.CollectHttpResponseDetails = true;
        (socket.Options.HttpVersion, socket.Options.HttpVersionPolicy) = (Version.Parse(version), HttpVersionPolicy.RequestVersionExact);
        socket.Options.SetRequestHeader("Origin", "https://evil.example");
        using var invoker = new HttpMessageInvoker(new SocketsHttpHandler { SslOptions = Server.Trusting() });
        await Assert.ThrowsAsync<WebSocketException>(() => socket.ConnectAsync(new UriBuilder(Server.Address) { Scheme = "wss", Path = "/_blazor" }.Uri, invoker, CancellationToken.None));
        Assert.Equal(HttpStatusCode.Forbidden, socket.HttpStatusCode);
    }

    [Fact]
    public async Task Client_ThatSendsItsHeadForever_IsLetGo()
    {
        await using var stream = await Handshake(SslProtocols.Tls13, "http/1.1");
        await stream.WriteAsync("GET / HTTP/1.1\r\nHost: x\r\nX-Slow: "u8.ToArray());
        // The server answers, or just hangs up; it does not wait for us.
        using var reader = new StreamReader(stream);
        var said = await reader.ReadToEndAsync();
        Assert.True(said.Length == 0 || said.StartsWith("HTTP/1.1 408", StringComparison.Ordinal), said);
    }

    [Fact]
    public async Task Joining_ByTheOwnAuthority_IsOfferedWithItsKeyPinned()
    {
        using var client = Server.Administrator();
        using var made = await client.PostAsJsonAsync("/api/v1/agents/tokens", new { });
        var token = await made.Content.ReadFromJsonAsync<JsonElement>();
        Assert.StartsWith($"curl -fsSk --pinnedpubkey '{Server.Get<GatewayOptions>().KeyPin()}' -H 'Authorization: Bearer prtsa_", token.GetProperty("command").GetString(), StringComparison.Ordinal);
        using var machine = Server.Client(token.GetProperty("token").GetString());
        var script = await machine.GetStringAsync("/cluster/agent/install.sh");
        Assert.Contains((await File.ReadAllTextAsync(Server.InHome("tls/trust.pem"))).Trim(), script, StringComparison.Ordinal);
        Assert.Contains("""curl -fsS --cacert "$home/tls/trust.pem" "$@";""", script, StringComparison.Ordinal);
    }

    private async Task<SslStream> Handshake(SslProtocols version, string protocol)
    {
        var client = new TcpClient();
        await client.ConnectAsync(IPAddress.Loopback, Server.Address.Port);
        var stream = new SslStream(client.GetStream());
        var options = Server.Trusting();
        (options.EnabledSslProtocols, options.ApplicationProtocols) = (version, [new SslApplicationProtocol(protocol)]);
        try
        {
            await stream.AuthenticateAsClientAsync(options);
            return stream;
        }
        catch
        {
            await stream.DisposeAsync();
            throw;
        }
    }

    [GeneratedRegex("name=\"__RequestVerificationToken\" value=\"(?<value>[^\"]+)\"", RegexOptions.None, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Field();
}
