using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Security.Cryptography;
using System.Text;
using PRTS.Api;
using PRTS.Api.Secrets;
using PRTS.Api.Webhooks;
using PRTS.Audit;
using PRTS.Contracts;
using PRTS.Contracts.Access;
using PRTS.Contracts.Projects;
using PRTS.Storage.Audit;
using PRTS.Storage.Webhooks;
using PRTS.Web.Access;

namespace PRTS.Web.Tests.Webhooks;

public class WebhookTests(TestServer server)
{
    private const string Commit = "0123456789abcdef0123456789abcdef01234567";
    private const string Main = """{"ref":"main"}""";
    private static readonly string Push = $$"""{"ref":"refs/heads/main","after":"{{Commit}}"}""";

    [Fact]
    public async Task Webhook_MadeChangedAndRemoved_ShowsItsSecretOnce()
    {
        var project = await server.NewProject();
        using var maintainer = await server.Client(Role.Maintainer);
        var place = $"/api/v1/projects/{project}/webhooks";
        var made = await Set(maintainer, project, "forge", new());
        Assert.StartsWith("prtsw_", made.Secret, StringComparison.Ordinal);
        Assert.Equal($"/webhooks/{project}/forge", made.Address);
        Assert.Null((await Set(maintainer, project, "forge", new() { Enabled = false })).Secret);
        var other = await Set(maintainer, project, "forge", new() { NewSecret = true });
        Assert.NotEqual(made.Secret, other.Secret);

        var listed = Assert.Single(await (await maintainer.GetAsync(place)).Read<List<Webhook>>());
        Assert.Equal(("forge", true, null), (listed.Name, listed.Enabled, listed.Secret));
        await (await maintainer.PutAsJsonAsync($"{place}/Not-A-Name", new SetWebhook(), ApiJson.Options)).Problem(HttpStatusCode.BadRequest, "invalid");
        using var client = server.Client();
        await (await client.SendAsync(Signed(project, "forge", made.Secret!, Main))).Problem(HttpStatusCode.Unauthorized, "unauthenticated");
        await (await client.SendAsync(Signed(project, "forge", other.Secret!, Main))).Read<WebhookAnswer>(HttpStatusCode.Created);

        Assert.Equal(HttpStatusCode.NoContent, (await maintainer.DeleteAsync($"{place}/forge")).StatusCode);
        await (await maintainer.DeleteAsync($"{place}/forge")).Problem(HttpStatusCode.NotFound, "not-found");
        await (await client.SendAsync(Signed(project, "forge", other.Secret!, Main))).Problem(HttpStatusCode.Unauthorized, "unauthenticated");
        var entries = await Entries(project, "webhook:");
        Assert.Equal(3, entries.Count(entry => entry is { Action: "webhook:set", Outcome: AuditOutcome.Allowed, Target.Id: "forge" }));
        Assert.Equal(
            ["""{"enabled":true,"newSecret":true,"secret":"[secret]"}""", """{"enabled":false,"newSecret":false,"secret":"[secret]"}""", """{"enabled":true,"newSecret":false,"secret":"[secret]"}"""],
            entries.Where(entry => entry is { Action: "webhook:set", Outcome: AuditOutcome.Allowed, Target.Id: "forge" }).Select(entry => Canonical.Text(entry.After)));
        Assert.Contains(entries, entry => entry is { Action: "webhook:remove", Outcome: AuditOutcome.Allowed, Before: not null });
        Assert.DoesNotContain(entries, entry => Encoding.UTF8.GetString(Canonical.Bytes(entry)) is var text && (text.Contains(made.Secret!, StringComparison.Ordinal) || text.Contains(other.Secret!, StringComparison.Ordinal)));
    }

    [Fact]
    public async Task Webhook_IsMadeOnlyByWhoMayRunPipelines()
    {
        var project = await server.NewProject();
        var owner = await server.NewUser(Role.Maintainer);
        using var limited = server.Client((await server.Get<AccessTokens>().Create(owner.Id, new() { Name = "settings", Permissions = ["environment:*"] })).Token);
        var refused = await limited.PutAsJsonAsync($"/api/v1/projects/{project}/webhooks/forge", new SetWebhook(), ApiJson.Options);
        await refused.Problem(HttpStatusCode.Forbidden, "forbidden");
        Assert.Contains("pipeline:run", await refused.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("X-GitHub-Event", "push", "X-GitHub-Delivery")]
    [InlineData("X-Gitea-Event", "push", "X-Gitea-Delivery")]
    [InlineData("X-Forgejo-Event", "push", "X-Forgejo-Delivery")]
    [InlineData("X-Gitlab-Event", "Push Hook", "X-Gitlab-Event-UUID")]
    public async Task Delivery_ThatComesTwice_StartsOnce(string eventHeader, string name, string deliveryHeader)
    {
        var (project, secret) = await New();
        using var client = server.Client();
        for (var time = 0; time < 2; time++)
        {
            using var request = eventHeader == "X-Gitlab-Event" ? Token(project, secret, Push) : Signed(project, "forge", secret, Push);
            request.Headers.Add(eventHeader, name);
            request.Headers.Add(deliveryHeader, "d-1");
            var answer = await (await client.SendAsync(request)).Read<WebhookAnswer>(HttpStatusCode.Created);
            Assert.Equal([$"{project}#1"], answer.Builds);
        }

        var started = Assert.Single(server.Get<Recorder>().Deliveries, one => one.Project == project);
        Assert.Equal(("refs/heads/main", Commit, "webhook/forge", "forge/d-1"), (started.Request.Ref, started.Request.Commit, started.Actor, started.Delivery));
        Assert.All(await Entries(project, "build:start"), entry => Assert.Equal((AuditOutcome.Allowed, AuditActorKind.Service, "forge"), (entry.Outcome, entry.Actor.Kind, entry.Actor.Name)));
    }

    [Fact]
    public async Task Delivery_ThatStartsNothing_SaysWhy()
    {
        var (project, secret) = await New();
        using var client = server.Client();
        Assert.Null((await (await Send("ping", "{}")).Read<WebhookAnswer>()).Ignored);
        Assert.Equal("The event 'issues' starts nothing; pushes of branches and tags do.", (await (await Send("issues", "{}")).Read<WebhookAnswer>(HttpStatusCode.Accepted)).Ignored);
        await (await Send("push", "{}")).Problem(HttpStatusCode.BadRequest, "invalid");
        Assert.Equal("There is no ref 'nowhere'.", await (await Send("push", """{"ref":"refs/heads/nowhere"}""")).Problem(HttpStatusCode.UnprocessableEntity, "not-started"));
        Assert.Equal(AuditOutcome.Failed, (await Entries(project, "build:start"))[0].Outcome);
        Assert.DoesNotContain(server.Get<Recorder>().Deliveries, one => one.Project == project);

        async Task<HttpResponseMessage> Send(string name, string body)
        {
            using var request = Signed(project, "forge", secret, body);
            request.Headers.Add("X-GitHub-Event", name);
            request.Headers.Add("X-GitHub-Delivery", Guid.NewGuid().ToString());
            return await client.SendAsync(request);
        }
    }

    [Fact]
    public async Task Delivery_NotSignedRight_IsRefusedInOneWayAndAudited()
    {
        var (project, secret) = await New();
        using var maintainer = await server.Client(Role.Maintainer);
        await Set(maintainer, project, "disabled", new() { Enabled = false });
        var (nowhere, unsigned) = (project with { Name = "no-such-project" }, Signed(project, "forge", secret, Push));
        unsigned.Headers.Remove("X-Hub-Signature-256");
        var details = new List<string>();
        using var client = server.Client();
        foreach (var request in (HttpRequestMessage[])[unsigned, Signed(project, "forge", "prtsw_other", Push), Signed(project, "nobody", secret, Push), Signed(project, "disabled", secret, Push), Signed(nowhere, "forge", secret, Push), Token(project, secret + "x", Push)])
            details.Add(await (await client.SendAsync(request)).Problem(HttpStatusCode.Unauthorized, "unauthenticated"));
        Assert.Single(details.Distinct(StringComparer.Ordinal));
        var denied = await Entries(project, "build:start");
        Assert.Equal(5, denied.Count);
        Assert.All(denied, entry => Assert.Equal((AuditOutcome.Denied, AuditActorKind.Anonymous), (entry.Outcome, entry.Actor.Kind)));
        Assert.DoesNotContain(server.Get<Recorder>().Deliveries, one => one.Project == project);
    }

    [Fact]
    public async Task Delivery_ToADisabledTenant_IsRefused()
    {
        var project = new ProjectId(server.Unique("tenant"), "acme", "web");
        Assert.Null(await server.Grains.Tenant(project.Tenant).Create(""));
        using var secret = SecretText.Of("prtsw_of-another-tenant");
        Assert.True(await server.Get<WebhooksStore>().Make(project, new() { Name = "forge" }, secret));
        using var client = server.Client();
        Task<HttpResponseMessage> Send()
        {
            var request = Signed(project, "forge", "prtsw_of-another-tenant", Main);
            request.RequestUri = new($"/webhooks/{project}/forge?tenant={project.Tenant}", UriKind.Relative);
            return client.SendAsync(request);
        }

        Assert.Equal(HttpStatusCode.Created, (await Send()).StatusCode);
        Assert.Null(await server.Grains.Tenant(project.Tenant).SetEnabled(false));
        await (await Send()).Problem(HttpStatusCode.Unauthorized, "unauthenticated");
    }

    [Fact]
    public async Task Delivery_LargerThanAMebibyte_IsRefused()
    {
        var (project, secret) = await New();
        using var client = server.Client();
        using var request = Signed(project, "forge", secret, new string(' ', WebhookReader.Longest + 1));
        // The server refuses what is too large before it comes, and need not hang up on who sends it.
        request.Headers.ExpectContinue = true;
        await (await client.SendAsync(request)).Problem(HttpStatusCode.RequestEntityTooLarge, "too-large");
    }

    private async Task<(ProjectId Project, string Secret)> New()
    {
        var project = await server.NewProject();
        using var maintainer = await server.Client(Role.Maintainer);
        return (project, (await Set(maintainer, project, "forge", new())).Secret!);
    }

    private static async Task<Webhook> Set(HttpClient client, ProjectId project, string name, SetWebhook request) =>
        await (await client.PutAsJsonAsync($"/api/v1/projects/{project}/webhooks/{name}", request, ApiJson.Options)).Read<Webhook>();

    private static HttpRequestMessage Signed(ProjectId project, string name, string secret, string body)
    {
        var request = Request(project, name, body);
        request.Headers.Add("X-Hub-Signature-256", "sha256=" + Convert.ToHexStringLower(HMACSHA256.HashData(Encoding.UTF8.GetBytes(secret), Encoding.UTF8.GetBytes(body))));
        return request;
    }

    private static HttpRequestMessage Token(ProjectId project, string secret, string body)
    {
        var request = Request(project, "forge", body);
        request.Headers.Add("X-Gitlab-Token", secret);
        return request;
    }

    private static HttpRequestMessage Request(ProjectId project, string name, string body) =>
        new(HttpMethod.Post, $"/webhooks/{project}/{name}") { Content = new StringContent(body, Encoding.UTF8, new MediaTypeHeaderValue("application/json")) };

    private async Task<IReadOnlyList<AuditEntry>> Entries(ProjectId project, string action) =>
        (await server.Get<AuditEntries>().Find(ProjectId.DefaultTenant, new() { Project = project.ToString(), Action = action }, before: null, take: 50)).Items;
}
