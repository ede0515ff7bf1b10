using System.Net;
using System.Net.Http.Json;
using Npgsql;
using PRTS.Api;
using PRTS.Api.Access;
using PRTS.Contracts;
using PRTS.Contracts.Access;
using PRTS.Contracts.Projects;
using PRTS.Storage.Builds;
using PRTS.Storage.Users;
using PRTS.Web.Access;

namespace PRTS.Web.Tests.Access;

public class SessionTests(TestServer server)
{
    [Fact]
    public async Task Sessions_AreListed_AndEndOneByOne()
    {
        var user = await server.NewUser(Role.Viewer);
        using var laptop = await SignIn(user, "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36");
        using var phone = await SignIn(user, "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 Mobile/15E148 Safari/604.1");
        var sessions = await Sessions(laptop);
        Assert.Equal(2, sessions.Count);
        var other = Assert.Single(sessions, session => !session.Current);
        Assert.Equal(("Safari 18, iOS", "password", "127.0.0.1"), (Account.SessionsPanel.Browser(other.Client), other.Method, other.Address));
        Assert.Equal("Chrome 131, Linux", Account.SessionsPanel.Browser(sessions.Single(session => session.Current).Client));

        await (await Delete(phone, $"/api/v1/account/sessions/{Guid.NewGuid()}")).Problem(HttpStatusCode.NotFound, "not-found");
        Assert.Equal(HttpStatusCode.NoContent, (await Delete(laptop, $"/api/v1/account/sessions/{other.Id}")).StatusCode);
        await (await phone.GetAsync("/api/v1/account")).Problem(HttpStatusCode.Unauthorized, "unauthenticated");
        Assert.True(Assert.Single(await Sessions(laptop)).Current);
    }

    [Fact]
    public async Task Sessions_OfSomebodyElse_AreOutOfReach()
    {
        using var own = await SignIn(await server.NewUser(Role.Admin));
        using var other = await SignIn(await server.NewUser(Role.Viewer));
        var session = Assert.Single(await Sessions(other));
        await (await Delete(own, $"/api/v1/account/sessions/{session.Id}")).Problem(HttpStatusCode.NotFound, "not-found");
        Assert.Single(await Sessions(other));
    }

    [Fact]
    public async Task Administrator_EndsAllSessionsOfAUser()
    {
        var user = await server.NewUser(Role.Viewer);
        using var one = await SignIn(user);
        using var two = await SignIn(user);
        using var admin = await server.Client(Role.Admin);
        Assert.Equal(2, (await (await admin.GetAsync($"/api/v1/users/{user.Name}/sessions")).Read<List<SessionSummary>>()).Count);
        Assert.Equal(HttpStatusCode.NoContent, (await admin.DeleteAsync($"/api/v1/users/{user.Name}/sessions")).StatusCode);
        foreach (var browser in (HttpClient[])[one, two]) await (await browser.GetAsync("/api/v1/account")).Problem(HttpStatusCode.Unauthorized, "unauthenticated");
        await (await admin.GetAsync("/api/v1/users/nobody-here/sessions")).Problem(HttpStatusCode.NotFound, "not-found");
    }

    [Fact]
    public async Task Session_IdleOrOld_HasEnded()
    {
        var user = await server.NewUser(Role.Viewer);
        var options = server.Get<WebOptions>();
        foreach (var column in (string[])["seen_at", "expires_at"])
        {
            using var browser = await SignIn(user);
            var session = Assert.Single(await Sessions(browser), session => session.Current);
            await Set(session.Id, column, column == "seen_at" ? TimeProvider.System.GetUtcNow() - options.SessionIdle : TimeProvider.System.GetUtcNow());
            await (await browser.GetAsync("/api/v1/account")).Problem(HttpStatusCode.Unauthorized, "unauthenticated");
            Assert.DoesNotContain(await server.Get<SessionsStore>().List(user.Id), known => known.Id == session.Id);
        }
    }

    [Fact]
    public async Task LiveStream_OfASessionThatEnds_IsBrokenOff()
    {
        var project = await server.NewProject();
        var user = await server.NewUser(Role.Viewer);
        using var browser = await SignIn(user);
        using var other = await SignIn(user);
        await using var gone = await Stream(browser, project);
        await using var stays = await Stream(other, project);
        var session = Assert.Single(await Sessions(browser), session => session.Current);
        await Delete(browser, $"/api/v1/account/sessions/{session.Id}");
        await Assert.ThrowsAnyAsync<IOException>(() => ToTheEnd(gone));
        await server.Get<SessionsStore>().EndAll(user.Id);
        await Assert.ThrowsAnyAsync<IOException>(() => ToTheEnd(stays));
    }

    [Fact]
    public async Task LiveStream_OfWhoLosesTheRightOrTheToken_IsBrokenOff()
    {
        var project = await server.NewProject();
        var user = await server.NewUser(Role.Viewer);
        var token = await server.Get<AccessTokens>().Create(user.Id, new() { Name = "revoked" });
        using var program = server.Client(token.Token);
        await using var byToken = await Stream(program, project);
        await server.Get<AccessTokens>().Revoke(user.Id, token.Summary.Id);
        await Assert.ThrowsAnyAsync<IOException>(() => ToTheEnd(byToken));

        using var browser = await SignIn(user);
        await using var disabled = await Stream(browser, project);
        await server.Get<Accounts>().Update(ProjectId.DefaultTenant, user.Name, new() { Role = "none" }, by: null);
        await Assert.ThrowsAnyAsync<IOException>(() => ToTheEnd(disabled));
    }

    private static async Task ToTheEnd(Stream stream)
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromMinutes(1));
        var buffer = new byte[4096];
        while (await stream.ReadAsync(buffer, patience.Token) > 0)
        {
        }
    }

    private async Task<Stream> Stream(HttpClient client, ProjectId project)
    {
        await server.Get<BuildsReadModel>().Upsert(new(project, 1), new()
        {
            Org = project.Org,
            Project = project.Name,
            Number = 1,
            Status = RunStatus.Running,
            Name = "n",
            File = "f",
            Event = "push",
            Ref = "refs/heads/main",
            Commit = "c",
            CreatedAt = TimeProvider.System.GetUtcNow(),
            Version = 1,
            Stages = [],
        });
        var answer = await client.GetAsync($"/api/v1/projects/{project}/builds/1/events", HttpCompletionOption.ResponseHeadersRead);
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        return await answer.Content.ReadAsStreamAsync();
    }

    private async Task Set(Guid session, string column, DateTimeOffset to)
    {
        await using var command = server.Get<NpgsqlDataSource>().CreateCommand($"update sessions set {column} = $1 where id = $2");
        command.Parameters.Add(new() { Value = to });
        command.Parameters.Add(new() { Value = session });
        Assert.Equal(1, await command.ExecuteNonQueryAsync());
    }

    private static async Task<List<SessionSummary>> Sessions(HttpClient browser) => await (await browser.GetAsync("/api/v1/account/sessions")).Read<List<SessionSummary>>();

    private Task<HttpResponseMessage> Delete(HttpClient browser, string address) => browser.SendAsync(new HttpRequestMessage(HttpMethod.Delete, address)
    {
        Content = JsonContent.Create(new { }),
        Headers = { { "Origin", server.Address.GetLeftPart(UriPartial.Authority) } },
    });

    private async Task<HttpClient> SignIn(StoredUser user, string client = "test")
    {
        var browser = server.Browser();
        Assert.True(browser.DefaultRequestHeaders.TryAddWithoutValidation("User-Agent", client));
        using var form = new FormUrlEncodedContent([new("__RequestVerificationToken", await browser.GetStringAsync("/test/form")), new("name", user.Name), new("password", TestServer.Password)]);
        Assert.Equal("/", (await browser.PostAsync("/login", form)).Headers.Location?.OriginalString);
        return browser;
    }
}
