using System.Net;
using System.Net.Http.Json;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Components.Endpoints;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.Routing.Patterns;
using Microsoft.AspNetCore.StaticAssets;
using PRTS.Api;
using PRTS.Api.Agents;
using PRTS.Api.Projects;
using PRTS.Audit;
using PRTS.Contracts;
using PRTS.Contracts.Access;
using PRTS.Contracts.Cluster;
using PRTS.Contracts.Projects;
using PRTS.Pipelines;
using PRTS.Web.Access;
using PRTS.Web.Gateway;
using PRTS.Web.Shell;

namespace PRTS.Silo.Tests;

/// <summary>All that the whole server routes, whoever maps it.</summary>
public sealed class EndpointsTests(ServerFixture fixture)
{
    /// <summary>What is open, and why.</summary>
    private static readonly string[] Anonymous =
    [
        "/healthz/live", "/healthz/ready", // Load balancers ask; no reasons are given.
        "/login", "/login/code", "/logout", "/culture", "/not-found", "/problem/{Code:int}", // Before there is a login.
        "/login/with/{provider}", "/login/oidc/{provider}/callback", "/login/saml/{provider}/response", "/login/saml/{provider}/finish", "/login/saml/{provider}/metadata",
        "/schemas/pipeline.json", // Editors.
        "/webhooks/{org}/{project}/{webhook}", // Other forges, with signatures.
        "/.well-known/openid-configuration", "/.well-known/jwks.json", // Whoever is to trust the tokens of jobs.
        "/_content/PRTS.Web/theme.css", // A file, though it is made here.
        "/api/docs/scalar.js", "/api/docs/scalar.aspnetcore.js", "/api/docs/favicon.svg", // The page's own files.
        // Agents, with join tokens and credentials of their own, which these endpoints check.
        "/cluster/agent/install.sh", "/cluster/agent/program.tar.gz",
        "/cluster/join", "/cluster/membership/", "/cluster/membership/{silo}", "/cluster/membership/insert", "/cluster/membership/update", "/cluster/membership/alive",
    ];

    /// <summary>The framework's own, where any login will do: pages ask for their permissions; files, when the server runs from its build output.</summary>
    private static readonly string[] Framework = ["/_blazor", "/_framework", "/{**path:file}"];

    private IReadOnlyList<RouteEndpoint> Endpoints => [.. fixture.Server.Get<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>()];

    [Fact]
    public async Task Endpoints_All_AskForAPermissionOrAreListedAsOpen()
    {
        // The first visit maps what was not mapped at the start.
        using var client = fixture.Server.Administrator();
        using var dashboard = await client.GetAsync("/orleans/");
        Assert.Contains(Endpoints, endpoint => Text(endpoint) == "/orleans/index.html");
        Assert.True(Endpoints.Count > 80);
        Assert.Empty(Endpoints.Where(endpoint => !IsGuarded(endpoint)).Select(Text).Distinct(StringComparer.Ordinal));
    }

    [Fact]
    public void FirstSegments_All_AreReservedAsOrganizations()
    {
        // A single file at the root cannot be taken for a project's page, which has two segments.
        var first = Endpoints.Where(endpoint => !(IsFile(endpoint) && endpoint.RoutePattern.PathSegments.Count == 1))
            .Select(endpoint => endpoint.RoutePattern.PathSegments is [{ Parts: [RoutePatternLiteralPart { Content: var text }] }, ..] ? text : null)
            .OfType<string>().Where(ProjectId.IsValidName).Distinct(StringComparer.Ordinal).ToList();
        Assert.Contains("git", first);
        Assert.Contains("orleans", first);
        Assert.DoesNotContain(first, name => !ReservedNames.Contains(name));
    }

    [Fact]
    public async Task Create_ReservedOrganization_IsRefusedEverywhereWithTheSameWords()
    {
        using var client = fixture.Server.Administrator();
        using var answer = await client.PostAsJsonAsync("/api/v1/projects", new CreateProject { Org = "api", Name = "x" }, ApiJson.Options);
        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        Assert.Contains("cannot be the name of an organization, because addresses of PRTS itself begin with it.", await answer.Content.ReadAsStringAsync(), StringComparison.Ordinal);

        var id = new ProjectId(ProjectId.DefaultTenant, "api", "x");
        var refusal = await Assert.ThrowsAsync<FormatException>(() => fixture.Server.Get<IGrainFactory>().Project(id).Create(new() { Org = "api", Name = "x" }));
        Assert.Equal(ReservedNames.Refusal("api"), refusal.Message);
    }

    [Fact]
    public async Task Schema_IsServedToEditors()
    {
        using var client = fixture.Server.Client();
        Assert.Equal(PipelineSchema.Json, await client.GetStringAsync(PipelineSchema.Address));
    }

    [Fact]
    public async Task Agents_ThatJoinOrMayNot_AreInTheAuditLog()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new JoinRequest { Name = "newcomer", NameIsChosen = true, CertificateRequest = new CertificateRequest("CN=agent", key, HashAlgorithmName.SHA256).CreateSigningRequestPem() };
        using var administrator = fixture.Server.Administrator();
        using var made = await administrator.PostAsJsonAsync("/api/v1/agents/tokens", new CreateAgentToken { Name = "newcomer", Labels = ["big"] }, ApiJson.Options);
        var token = (await made.Content.ReadFromJsonAsync<AgentToken>(ApiJson.Options))!.Token;
        Assert.Equal(HttpStatusCode.Unauthorized, await Join("prtst_wrong"));
        Assert.Equal(HttpStatusCode.OK, await Join(token));
        Assert.Equal(HttpStatusCode.Unauthorized, await Join(token));
        var log = (await administrator.GetFromJsonAsync<AuditPage>("/api/v1/audit?action=agent:join&target=agent:newcomer", ApiJson.Options))!;
        Assert.Equal([AuditOutcome.Denied, AuditOutcome.Allowed, AuditOutcome.Denied], log.Items.Select(entry => entry.Outcome));
        Assert.Equal("big", log.Items[1].After!["labels"].ToString());

        async Task<HttpStatusCode> Join(string with)
        {
            using var agent = fixture.Server.Client();
            agent.DefaultRequestHeaders.Authorization = new("Bearer", with);
            using var answer = await agent.PostAsJsonAsync("/cluster/join", request);
            return answer.StatusCode;
        }
    }

    [Fact]
    public async Task Agents_WithWrongCredentials_AreInTheAuditLog_AndFillItNot()
    {
        using var administrator = fixture.Server.Administrator();
        async Task<HttpStatusCode> Ask(string address)
        {
            // From an address of their own: what other tests try is recorded, too.
            using var agent = new HttpClient(new SocketsHttpHandler { ConnectCallback = From("127.0.0.77") }) { BaseAddress = fixture.Server.Address };
            agent.DefaultRequestHeaders.Authorization = new("Bearer", "wrong");
            agent.DefaultRequestHeaders.Add("Prts-Agent", "default/removed");
            using var answer = await agent.GetAsync(address);
            return answer.StatusCode;
        }

        Assert.Equal(HttpStatusCode.Unauthorized, await Ask("/cluster/agent/install.sh"));
        var fetched = (await administrator.GetFromJsonAsync<AuditPage>("/api/v1/audit?action=agent:fetch", ApiJson.Options))!.Items[0];
        Assert.Equal((AuditOutcome.Denied, AuditActorKind.Anonymous, AuditVia.Agent, "127.0.0.77"), (fetched.Outcome, fetched.Actor.Kind, fetched.Origin.Via, fetched.Origin.Address));
        for (var i = 0; i < 40; i++) Assert.Equal(HttpStatusCode.Unauthorized, await Ask("/cluster/membership/"));
        var refused = (await administrator.GetFromJsonAsync<AuditPage>("/api/v1/audit?action=agent:connect&take=100", ApiJson.Options))!.Items;
        Assert.Equal(29, refused.Count);
        Assert.All(refused, entry => Assert.Equal((AuditOutcome.Denied, "removed", "removed", AuditVia.Agent, "127.0.0.77"), (entry.Outcome, entry.Actor.Name, entry.Target.Id, entry.Origin.Via, entry.Origin.Address)));
        Assert.Contains("are not recorded", refused[0].Reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Agents_ThatSendWhatIsNoMembership_AreToldSo()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new JoinRequest { Name = "babbler", CertificateRequest = new CertificateRequest("CN=agent", key, HashAlgorithmName.SHA256).CreateSigningRequestPem() };
        using var administrator = fixture.Server.Administrator();
        using var made = await administrator.PostAsJsonAsync("/api/v1/agents/tokens", new CreateAgentToken { Name = "babbler" }, ApiJson.Options);
        using var agent = fixture.Server.Client();
        agent.DefaultRequestHeaders.Authorization = new("Bearer", (await made.Content.ReadFromJsonAsync<AgentToken>(ApiJson.Options))!.Token);
        using var joined = await agent.PostAsJsonAsync("/cluster/join", request);
        agent.DefaultRequestHeaders.Authorization = new("Bearer", (await joined.Content.ReadFromJsonAsync<JoinAnswer>())!.Credential);
        agent.DefaultRequestHeaders.Add("Prts-Agent", $"{ProjectId.DefaultTenant}/babbler");
        foreach (var silo in (string[])["nobody", "127.0.0.1:99999@1", "127.0.0.1:x@1", "127.0.0.1:1@99999999999999999999", "@", "S:@"])
        {
            using var answer = await agent.GetAsync($"/cluster/membership/{silo}");
            await IsInvalid(answer);
        }

        foreach (var operation in (string[])["alive", "insert", "update"])
        {
            foreach (var garbage in (byte[][])[[1, 2, 3], [0xff, 0xff, 0xff, 0xff], "garbage"u8.ToArray(), [0x20]])
            {
                using var answer = await agent.PostAsync($"/cluster/membership/{operation}", new ByteArrayContent(garbage));
                await IsInvalid(answer);
            }
        }

        static async Task IsInvalid(HttpResponseMessage answer)
        {
            Assert.Equal((HttpStatusCode.BadRequest, "application/problem+json"), (answer.StatusCode, answer.Content.Headers.ContentType?.MediaType));
            Assert.Contains("\"invalid\"", await answer.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        }
    }

    private static Func<SocketsHttpConnectionContext, CancellationToken, ValueTask<Stream>> From(string address) => async (context, cancel) =>
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(IPAddress.Parse(address), 0));
        await socket.ConnectAsync(context.DnsEndPoint, cancel);
        return new NetworkStream(socket, ownsSocket: true);
    };

    [Fact]
    public async Task FirstStart_IsInTheAuditLog()
    {
        using var administrator = fixture.Server.Administrator();
        var log = (await administrator.GetFromJsonAsync<AuditPage>("/api/v1/audit?actor=first-start", ApiJson.Options))!;
        Assert.Equal(
            ["repository:push demo/hello", "organization:create demo", "project:create demo/hello", "access-token:create admin.json", "user:create admin"],
            log.Items.Select(entry => $"{entry.Action} {entry.Target.Id}"));
    }

    /// <summary>Pages' patterns match some of these, and no login is asked for what is not there.</summary>
    [Theory]
    [InlineData("GET", "/webhooks/acme/app/hook", "POST")]
    [InlineData("POST", "/.well-known/jwks.json", "GET")]
    [InlineData("POST", "/.well-known/openid-configuration", "GET")]
    [InlineData("POST", "/schemas/pipeline.json", "GET")]
    [InlineData("GET", "/cluster/join", "POST")]
    [InlineData("GET", "/cluster/nope", null)]
    [InlineData("GET", "/schemas/nope", null)]
    [InlineData("GET", "/schemas/nope.json", null)]
    [InlineData("GET", "/webhooks/nope", null)]
    [InlineData("GET", "/healthz/nope", null)]
    [InlineData("POST", "/healthz/live", "GET, HEAD")]
    [InlineData("POST", "/healthz/ready", "GET, HEAD")]
    [InlineData("GET", "/.well-known/nope", null)]
    public async Task Programs_AskForWhatIsNotThere_GetAProblem(string method, string path, string? allowed)
    {
        using var nobody = fixture.Server.Client();
        using var browser = fixture.Server.Client();
        browser.DefaultRequestHeaders.Accept.ParseAdd("text/html");
        using var administrator = fixture.Server.Administrator();
        foreach (var client in (HttpClient[])[nobody, browser, administrator])
        {
            using var request = new HttpRequestMessage(new(method), path);
            using var answer = await client.SendAsync(request);
            var body = await answer.Content.ReadAsStringAsync();
            Assert.True(answer.StatusCode == (allowed is null ? HttpStatusCode.NotFound : HttpStatusCode.MethodNotAllowed), $"{(int)answer.StatusCode} {answer.Headers.Location} {body}");
            Assert.Equal("application/problem+json", answer.Content.Headers.ContentType?.MediaType);
            using var problem = JsonDocument.Parse(body);
            Assert.Equal(allowed is null ? "not-found" : "method-not-allowed", problem.RootElement.GetProperty("code").GetString());
            Assert.Equal(allowed?.Split(", ") ?? [], answer.Content.Headers.Allow.Order(StringComparer.Ordinal));
        }
    }

    [Theory]
    [InlineData("GET", "/api/v2/x")]
    [InlineData("GET", "/api/x")]
    [InlineData("GET", "/api/v1/projects/demo/hello/builds/-1")]
    [InlineData("POST", "/api/x")]
    [InlineData("GET", "/openapi/nope")]
    [InlineData("GET", "/metrics/nope")]
    public async Task Api_AskedForWhatIsNotThere_GivesAProblem(string method, string path)
    {
        using var nobody = fixture.Server.Client();
        using var administrator = fixture.Server.Administrator();
        foreach (var (client, status) in new[] { (nobody, HttpStatusCode.Unauthorized), (administrator, HttpStatusCode.NotFound) })
        {
            using var request = new HttpRequestMessage(new(method), path);
            using var answer = await client.SendAsync(request);
            Assert.Equal(status, answer.StatusCode);
            Assert.Equal("application/problem+json", answer.Content.Headers.ContentType?.MediaType);
        }
    }

    [Theory]
    [InlineData("/healthz/live", "text/plain")]
    [InlineData("/healthz/ready", "text/plain")]
    [InlineData("/schemas/pipeline.json", "application/schema+json")]
    [InlineData("/.well-known/jwks.json", "application/json")]
    [InlineData("/openapi/v1.json", "application/json")]
    [InlineData("/api/v1/projects", "application/json")]
    [InlineData("/api/v1/audit/export", "application/jsonl")]
    public async Task Programs_AskForTheHeadAlone_GetThatOfGet(string path, string type)
    {
        using var administrator = fixture.Server.Administrator();
        using var head = await administrator.SendAsync(new(HttpMethod.Head, path));
        // On the same connection: what follows the head would be taken for the next answer.
        using var get = await administrator.GetAsync(path);
        Assert.Equal((HttpStatusCode.OK, type), (head.StatusCode, head.Content.Headers.ContentType?.MediaType));
        Assert.Equal((get.StatusCode, get.Content.Headers.ContentType), (head.StatusCode, head.Content.Headers.ContentType));
        Assert.Empty(await head.Content.ReadAsByteArrayAsync());
        Assert.NotEmpty(await get.Content.ReadAsByteArrayAsync());
    }

    [Theory]
    [InlineData("/api/v1/projects/acme/nope", HttpStatusCode.NotFound)]
    [InlineData("/api/v1/account/password", HttpStatusCode.MethodNotAllowed)]
    public async Task Programs_AskForTheHeadOfWhatIsNotThere_GetTheStatus(string path, HttpStatusCode status)
    {
        using var administrator = fixture.Server.Administrator();
        using var head = await administrator.SendAsync(new(HttpMethod.Head, path));
        Assert.Equal(status, head.StatusCode);
        Assert.Empty(await head.Content.ReadAsByteArrayAsync());
    }

    /// <summary>Twice as much is refused by the server itself, without a body.</summary>
    [Theory]
    [InlineData(9_000, 0, 0, 414)]
    [InlineData(0, 40_000, 1, 431)]
    [InlineData(0, 5, 120, 431)]
    [InlineData(0, 70_000, 1, 431)]
    public async Task Head_ThatIsTooLarge_IsAProblem(int address, int size, int fields, int status)
    {
        using var administrator = fixture.Server.Administrator();
        using var request = new HttpRequestMessage(HttpMethod.Get, "/api/v1/projects?org=" + new string('a', address));
        for (var field = 0; field < fields; field++) request.Headers.Add($"X-Much-{field}", new string('a', size));
        using var answer = await administrator.SendAsync(request);
        Assert.Equal((HttpStatusCode)status, answer.StatusCode);
        if (size > 2 * HeadLimits.Fields) Assert.Empty(await answer.Content.ReadAsByteArrayAsync());
        else Assert.Equal("application/problem+json", answer.Content.Headers.ContentType?.MediaType);
    }

    [Theory]
    [InlineData("/login", HttpStatusCode.OK)]
    [InlineData("/", HttpStatusCode.Redirect)]
    [InlineData("/demo/hello", HttpStatusCode.Redirect)]
    public async Task Pages_AnswerHeadAsGet_WithoutABody(string path, HttpStatusCode status)
    {
        using var client = fixture.Server.Client();
        using var head = await client.SendAsync(new(HttpMethod.Head, path));
        using var get = await client.GetAsync(path);
        Assert.Equal(status, head.StatusCode);
        Assert.Equal(get.StatusCode, head.StatusCode);
        Assert.Equal(get.Headers.Location, head.Headers.Location);
        Assert.Equal(get.Content.Headers.ContentType?.MediaType, head.Content.Headers.ContentType?.MediaType);
        Assert.Empty(await head.Content.ReadAsByteArrayAsync());
    }

    /// <summary>So that pages need no inline style sheets.</summary>
    [Fact]
    public async Task Theme_IsAFileAndPagesHaveNoStyleElement()
    {
        using var client = fixture.Server.Client();
        using var page = await client.GetAsync("/login");
        var html = await page.Content.ReadAsStringAsync();
        Assert.DoesNotContain("<style", html, StringComparison.OrdinalIgnoreCase);
        Assert.Contains("script-src 'self' 'nonce-", page.Headers.GetValues("Content-Security-Policy").Single(), StringComparison.Ordinal);
        Assert.DoesNotContain("unsafe", page.Headers.GetValues("Content-Security-Policy").Single().Replace("style-src 'self' 'unsafe-inline'", "", StringComparison.Ordinal), StringComparison.Ordinal);
        using var theme = await client.GetAsync(ThemeStylesheet.Address);
        Assert.Equal("text/css", theme.Content.Headers.ContentType?.MediaType);
        Assert.Contains(ThemeStylesheet.Address, html, StringComparison.Ordinal);
        var css = await theme.Content.ReadAsStringAsync();
        Assert.Contains("--mud-palette-primary", css, StringComparison.Ordinal);
        Assert.Contains(":root[data-theme=dark]", css, StringComparison.Ordinal);
        Assert.DoesNotContain("&quot;", css, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Metrics_WithAnAccessToken_AreServed()
    {
        using var client = fixture.Server.Administrator();
        using var metrics = await client.GetAsync("/metrics");
        Assert.Equal(HttpStatusCode.OK, metrics.StatusCode);
        Assert.Contains("# TYPE", await metrics.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("/metrics", HttpStatusCode.Unauthorized)]
    [InlineData("/orleans", HttpStatusCode.Redirect)]
    public async Task Operations_WithoutALogin_AreRefused(string address, HttpStatusCode status)
    {
        using var client = fixture.Server.Client();
        using var answer = await client.GetAsync(address);
        Assert.Equal(status, answer.StatusCode);
    }

    [Theory]
    [InlineData("/orleans/", HttpStatusCode.OK, "text/html")]
    [InlineData("/orleans/DashboardCounters", HttpStatusCode.OK, "application/json")]
    [InlineData("/orleans/no/such/page", HttpStatusCode.NotFound, null)]
    public async Task Dashboard_ForAnAdministrator_IsServed(string address, HttpStatusCode status, string? type)
    {
        using var client = fixture.Server.Administrator();
        using var answer = await client.GetAsync(address);
        Assert.Equal(status, answer.StatusCode);
        Assert.Equal(type, answer.Content.Headers.ContentType?.MediaType);
    }

    private static bool IsGuarded(RouteEndpoint endpoint)
    {
        var text = Text(endpoint);
        if (endpoint.Metadata.GetMetadata<IAllowAnonymous>() is not null) return IsFile(endpoint) || Anonymous.Contains(text);
        if (Framework.Any(prefix => text.StartsWith(prefix, StringComparison.Ordinal))) return true;
        var policies = endpoint.Metadata.GetOrderedMetadata<IAuthorizeData>().Select(data => data.Policy).ToList();
        return endpoint.Metadata.GetMetadata<ComponentTypeMetadata>() is not null
            ? policies.OfType<string>().Any(policy => AccessRules.All.Contains(policy.StartsWith(Policies.Anywhere, StringComparison.Ordinal) ? policy[Policies.Anywhere.Length..] : policy))
            : endpoint.Metadata.GetMetadata<EndpointPermission>() is { } permission && policies.Contains(permission.Name);
    }

    private static bool IsFile(RouteEndpoint endpoint) => endpoint.Metadata.GetMetadata<StaticAssetDescriptor>() is not null;

    private static string Text(RouteEndpoint endpoint) => "/" + endpoint.RoutePattern.RawText?.TrimStart('/');
}
