using System.Net;
using System.Net.Sockets;
using System.Net.WebSockets;
using System.Security.Claims;
using System.Text.Encodings.Web;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Http.Timeouts;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Npgsql;
using PRTS.Contracts.Builds;
using PRTS.Storage.Audit;
using PRTS.Web.Access;
using PRTS.Web.Gateway;
using PRTS.Web.Rest;

namespace PRTS.Web.Tests.Gateway;

/// <summary>The gateway on Kestrel before a few endpoints; who asks, a header says.</summary>
internal sealed class GatewayServer : IAsyncDisposable
{
    private readonly WebApplication host;

    private GatewayServer(WebApplication host) => this.host = host;

    public Uri Address { get; private set; } = null!;
    public string Origin => Address.GetLeftPart(UriPartial.Authority);

    public static async Task<GatewayServer> Start(GatewayOptions options, string publicUrl = "http://prts.test")
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseKestrel().UseUrls("http://127.0.0.1:0");
        builder.Services.AddSingleton(new WebOptions { PublicUrl = publicUrl, Home = "", Gateway = options });
        builder.Services.AddSingleton(TimeProvider.System);
        builder.Services.AddRest();
        builder.Services.AddGateway(options);
        // No database answers there: what is refused is refused all the same.
        builder.Services.AddSingleton(NpgsqlDataSource.Create("Host=127.0.0.1;Port=1;Timeout=1"));
        builder.Services.AddSingleton<AuditLog>();
        builder.Services.AddAntiforgery();
        builder.Services.AddAuthorization();
        builder.Services.AddAuthentication("test").AddScheme<AuthenticationSchemeOptions, ByHeader>("test", null);
        var app = builder.Build();
        app.UseGateway(options);
        app.UseWebSockets();
        app.MapGet("/who", (HttpContext http) => $"{http.Connection.RemoteIpAddress} {http.Request.Scheme}");
        app.MapGet("/page", () => Results.Content("<p>hello</p>", "text/html"));
        app.MapGet("/free", () => "free").RateAs(RateClass.Exempt).AllowPlainHttp();
        app.MapPost("/sign-in", () => "in").RateAs(RateClass.SignIn);
        app.MapPost("/form", () => "changed");
        app.MapGet("/git/x", () => "refs");
        app.MapGet("/cluster/x", () => "members").RateAs(RateClass.Agent);
        app.MapGet("/_blazor", Echo);
        app.MapPost("/_blazor/negotiate", () => "{}");
        var api = app.MapGroup(Routes.Api);
        api.WithRequestTimeout(RequestLimits.ApiTimeout);
        api.MapGet("/thing", () => "thing");
        api.MapPost("/thing", () => "changed");
        api.MapGet("/slow", (HttpContext http) => Task.Delay(Timeout.Infinite, http.RequestAborted));
        api.MapGet("/stream", (HttpContext http) => http.Features.Get<IHttpRequestTimeoutFeature>() is null ? "unlimited" : "limited").TakesItsTime();
        await app.StartAsync();
        return new(app) { Address = new(app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First()) };
    }

    /// <param name="from">The address of this machine that the connections come from.</param>
    public HttpClient Client(string? user = null, string scheme = "user", string from = "127.0.0.1")
    {
        var client = new HttpClient(new SocketsHttpHandler
        {
            AllowAutoRedirect = false,
            ConnectCallback = async (context, cancel) =>
            {
                var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
                socket.Bind(new IPEndPoint(IPAddress.Parse(from), 0));
                await socket.ConnectAsync(context.DnsEndPoint, cancel);
                return new NetworkStream(socket, ownsSocket: true);
            },
        })
        { BaseAddress = Address };
        if (user is not null) client.DefaultRequestHeaders.Add("X-Test", $"{scheme} {user}");
        return client;
    }

    public async ValueTask DisposeAsync()
    {
        await host.StopAsync();
        await host.DisposeAsync();
    }

    private static async Task Echo(HttpContext http)
    {
        using var socket = await http.WebSockets.AcceptWebSocketAsync();
        await socket.CloseAsync(WebSocketCloseStatus.NormalClosure, null, http.RequestAborted);
    }

    /// <summary><c>X-Test: user|cookie|attempt NAME</c>.</summary>
    private sealed class ByHeader(IOptionsMonitor<AuthenticationSchemeOptions> options, ILoggerFactory logger, UrlEncoder encoder)
        : AuthenticationHandler<AuthenticationSchemeOptions>(options, logger, encoder)
    {
        protected override Task<AuthenticateResult> HandleAuthenticateAsync()
        {
            if (Request.Headers["X-Test"].ToString().Split(' ') is not [var kind, var name]) return Task.FromResult(AuthenticateResult.NoResult());
            var principal = kind == "attempt"
                ? Principals.Of(new AttemptId(new JobId(new BuildId(new("default", "acme", "app"), 1), "build"), 1), name, "test")
                : new ClaimsPrincipal(new ClaimsIdentity([new(ClaimTypes.NameIdentifier, name), new("prts:tenant", "default")], kind == "cookie" ? AccessServices.CookieScheme : "test"));
            return Task.FromResult(AuthenticateResult.Success(new(principal, "test")));
        }
    }
}
