using System.Net;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using PRTS.Audit;
using PRTS.Audit.Checkpoints;
using PRTS.Audit.Verification;
using PRTS.Contracts.Access;
using PRTS.Contracts.Projects;
using PRTS.Storage.Audit;
using PRTS.Web.Access;
using PRTS.Web.Audit;
using PRTS.Web.Rest;

namespace PRTS.Web.Tests.Audit;

public class AuditEndpointsTests(TestServer server)
{
    private const string Address = "/api/v1/audit";

    [Theory]
    [InlineData("")]
    [InlineData("/export")]
    [InlineData("/checkpoint")]
    [InlineData("/key")]
    public async Task Audit_ForWhoIsNoAdministrator_IsForbidden(string address)
    {
        using var maintainer = await server.Client(Role.Maintainer);
        Assert.Contains("audit:read", await (await maintainer.GetAsync(Address + address)).Problem(HttpStatusCode.Forbidden, "forbidden"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task List_Filtered_ComesInPartsNewestFirst()
    {
        var actor = server.Unique("ann");
        var project = server.Unique("project");
        for (var i = 1; i <= 5; i++) await Record(actor, project, $"V{i}");
        using var admin = await server.Client(Role.Admin);

        var first = await (await admin.GetAsync($"{Address}?actor={actor}&take=3")).Read<AuditPage>();
        Assert.Equal(["V5", "V4", "V3"], first.Items.Select(entry => entry.Target.Id));
        var second = await (await admin.GetAsync($"{Address}?actor={actor}&take=3&before={first.Next}")).Read<AuditPage>();
        Assert.Equal(["V2", "V1"], second.Items.Select(entry => entry.Target.Id));
        Assert.Null(second.Next);
        var entry = first.Items[0];
        Assert.Equal((actor, "variable:set", AuditOutcome.Allowed, "acme", project, AuditVia.Api, "192.0.2.7"), (entry.Actor.Name, entry.Action, entry.Outcome, entry.Target.Org, entry.Target.Project, entry.Origin.Via, entry.Origin.Address));
        Assert.Equal("""{"value":"new V5"}""", Canonical.Text(entry.After));

        foreach (var (filter, count) in new[]
        {
            ($"project=acme/{project}", 5), ($"project=acme/{project}&action=variable", 5), ($"project=acme/{project}&target=variable:v3", 1), ($"project=acme/{project}&outcome=denied", 0),
            ($"actor={actor}&text=new+v4", 1), ($"actor={actor}&to=2001-01-01", 0), ($"actor={actor}&from=2001-01-01T00:00:00Z", 5), ($"actor={actor}&outcome=", 5),
        })
            Assert.Equal(count, (await (await admin.GetAsync($"{Address}?{filter}")).Read<AuditPage>()).Items.Count);
    }

    [Theory]
    [InlineData("?outcome=maybe", "allowed, denied, failed")]
    [InlineData("?outcome=1", "allowed, denied, failed")]
    [InlineData("?take=0", "'take'")]
    [InlineData("?from=yesterday", "'yesterday'")]
    [InlineData("/export?format=xml", "json, csv or syslog")]
    public async Task Question_ThatIsWrong_SaysWhatWouldBeRight(string question, string expected)
    {
        using var admin = await server.Client(Role.Admin);
        Assert.Contains(expected, await (await admin.GetAsync(Address + question)).Problem(HttpStatusCode.BadRequest, "invalid"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Export_OfAll_IsProvenByTheCheckpointKeptBefore()
    {
        await Record(server.Unique("ann"), "hello", "A");
        using var admin = await server.Client(Role.Admin);
        var response = await admin.GetAsync(Address + "/checkpoint");
        Assert.Equal("text/plain", response.Content.Headers.ContentType?.MediaType);
        var kept = Checkpoint.Parse(await response.Content.ReadAsByteArrayAsync());
        Assert.NotNull(kept);
        var keys = AuditPublicKey.FromPem(await admin.GetStringAsync(Address + "/key"));
        Assert.Equal([kept.Key], keys);
        await Record(server.Unique("ann"), "hello", "B");

        var export = await admin.GetAsync(Address + "/export");
        Assert.Equal("application/jsonl", export.Content.Headers.ContentType?.MediaType);
        Assert.Matches(@"audit-default-\d+\.jsonl", export.Content.Headers.ContentDisposition?.FileName);
        using var file = await export.Content.ReadAsStreamAsync();
        var verdict = ExportVerifier.Verify(file, [kept], keys);
        Assert.Null(verdict.Fault);
        Assert.True(verdict.Entries > kept.Size);
        Assert.Equal(kept.Size, verdict.Proven.Single().Size);
    }

    [Fact]
    public async Task Export_Filtered_IsAllThatPassesOldestFirst()
    {
        var actor = server.Unique("ann");
        for (var i = 1; i <= 3; i++) await Record(actor, "hello", $"V{i}");
        using var admin = await server.Client(Role.Admin);
        var json = (await admin.GetStringAsync($"{Address}/export?actor={actor}")).Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(["V1", "V2", "V3"], json.Select(line => AuditJson.Read(Encoding.UTF8.GetBytes(line)).Target.Id));
        var csv = (await admin.GetStringAsync($"{Address}/export?actor={actor}&format=csv")).Split("\r\n", StringSplitOptions.RemoveEmptyEntries);
        Assert.StartsWith("sequence,at,", csv[0], StringComparison.Ordinal);
        Assert.Equal([",V1,", ",V2,", ",V3,"], csv[1..].Select(row => System.Text.RegularExpressions.Regex.Match(row, ",V.,", System.Text.RegularExpressions.RegexOptions.None, TimeSpan.FromSeconds(1)).Value));
        var syslog = (await admin.GetStringAsync($"{Address}/export?actor={actor}&format=syslog")).Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(3, syslog.Length);
        Assert.All(syslog, message => Assert.StartsWith("<110>1 ", message, StringComparison.Ordinal));
        Assert.All(syslog, message => Assert.Contains(" prts.test prts - variable:set [audit@32473 ", message, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Source_OfARequest_SaysWhoAndByWhichDoor()
    {
        var user = await server.NewUser(Role.Developer);
        var facts = new AccessFacts { Tenant = user.Tenant, UserId = user.Id, Name = user.Name, Enabled = true };
        var http = new DefaultHttpContext { RequestServices = server.Services };
        http.Connection.RemoteIpAddress = IPAddress.Parse("::ffff:192.0.2.9");
        http.Request.Path = "/api/v1/x";
        Assert.Equal(new AuditActor(AuditActorKind.Anonymous, "", "eve"), http.AuditSource("eve").Actor);

        http.User = Principals.Of(user, facts, HeaderAuthentication.SchemeName);
        var source = http.AuditSource();
        Assert.Equal(("default", new AuditActor(AuditActorKind.User, user.Id.ToString(), user.Name), new AuditOrigin(AuditVia.Api, "192.0.2.9")), (source.Tenant, source.Actor, source.Origin));
        http.Request.Headers.UserAgent = "prts-cli";
        Assert.Equal(AuditVia.Cli, http.AuditSource().Origin.Via);
        http.User = Principals.Of(user, facts, AccessServices.CookieScheme);
        Assert.Equal(AuditVia.Web, http.AuditSource().Origin.Via);
        http.Request.Path = "/git/a/b.git/info/refs";
        Assert.Equal(AuditVia.Git, http.AuditSource().Origin.Via);
    }

    /// <summary>An operation that cannot be recorded is refused, and the caller can tell that it may be tried again.</summary>
    [Fact]
    public async Task Operation_ThatCannotBeRecorded_Is503()
    {
        var builder = WebApplication.CreateBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        await using var app = builder.Build();
        app.UseApiErrors();
        app.MapPut("/api/v1/thing", new Func<string>(() => throw new AuditUnavailableException("The audit log could not be written, so the operation was refused.")));
        await app.StartAsync();
        using var client = new HttpClient { BaseAddress = new Uri(app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First()) };
        Assert.Contains("refused", await (await client.PutAsync("/api/v1/thing", null)).Problem(HttpStatusCode.ServiceUnavailable, "audit-unavailable"), StringComparison.Ordinal);
    }

    private Task<AuditEntry> Record(string actor, string project, string variable) => server.Get<AuditLog>().Record(
        new AuditSource(ProjectId.DefaultTenant, new(AuditActorKind.User, "7", actor), new(AuditVia.Api, "192.0.2.7"))
            .Allowed("variable:set", AuditTarget.In("acme", project, "variable", variable), after: new() { ["value"] = $"new {variable}" }));
}
