using System.Net;
using System.Net.Http.Json;
using PRTS.Audit;
using PRTS.Contracts.Access;
using PRTS.Contracts.Projects;
using PRTS.Storage.Audit;
using PRTS.Web.Access;

namespace PRTS.Web.Tests.Access;

public class LoginTests(TestServer server)
{
    [Fact]
    public async Task Login_RightPassword_SetsAGuardedCookieAndGoesWhereItWasAsked()
    {
        var user = await server.NewUser(Role.Viewer);
        using var browser = server.Browser();
        using var answer = await Login(browser, user.Name, TestServer.Password, "/projects/a/b?x=1");
        Assert.Equal("/projects/a/b?x=1", answer.Headers.Location?.OriginalString);
        var cookie = Assert.Single(answer.Headers.GetValues("Set-Cookie"), value => value.StartsWith("prts-session=", StringComparison.Ordinal));
        Assert.Contains("httponly", cookie, StringComparison.OrdinalIgnoreCase);
        Assert.Contains("samesite=lax", cookie, StringComparison.OrdinalIgnoreCase);
        await (await browser.GetAsync("/api/v1/account")).Read<PRTS.Api.Access.Me>();
    }

    [Fact]
    public async Task Login_FiveFailures_LockTheAccountForTheRightPasswordToo()
    {
        var user = await server.NewUser(Role.Viewer);
        using var browser = server.Browser();
        for (var i = 0; i < 5; i++) Assert.Contains("error=refused", (await Login(browser, user.Name, "wrong password")).Headers.Location?.OriginalString, StringComparison.Ordinal);
        Assert.Contains("error=refused", (await Login(browser, user.Name, TestServer.Password)).Headers.Location?.OriginalString, StringComparison.Ordinal);
        using var client = server.Client();
        await (await client.SendAsync(Basic(user.Name, TestServer.Password))).Problem(HttpStatusCode.Unauthorized, "unauthenticated");
    }

    [Fact]
    public async Task Login_WithoutAntiforgeryField_IsRefused()
    {
        var user = await server.NewUser(Role.Viewer);
        using var browser = server.Browser();
        using var form = new FormUrlEncodedContent([new("name", user.Name), new("password", TestServer.Password)]);
        using var answer = await browser.PostAsync("/login", form);
        Assert.Contains("error=form", answer.Headers.Location?.OriginalString, StringComparison.Ordinal);
        Assert.False(answer.Headers.TryGetValues("Set-Cookie", out var cookies) && cookies.Any(cookie => cookie.StartsWith("prts-session=", StringComparison.Ordinal)));
    }

    [Theory]
    [InlineData("multipart/form-data", "")]
    [InlineData("multipart/form-data; boundary=x", "--x\r\n")]
    [InlineData("multipart/form-data; boundary=x", "--x\r\nno header\r\n\r\n--x--\r\n")]
    [InlineData("application/x-www-form-urlencoded", "name=%00")]
    [InlineData("application/x-www-form-urlencoded; charset=utf-7", "name=a")]
    [InlineData("application/x-www-form-urlencoded", null)]
    public async Task Forms_ThatCannotBeRead_LeadBack(string type, string? body)
    {
        using var browser = server.Browser();
        await browser.GetStringAsync("/test/form");
        foreach (var address in (string[])["/login", "/login/code", "/logout"])
        {
            using var form = new ByteArrayContent(System.Text.Encoding.ASCII.GetBytes(body ?? string.Join('&', Enumerable.Range(0, 2000).Select(at => $"p{at}=1"))));
            form.Headers.TryAddWithoutValidation("Content-Type", type);
            using var answer = await browser.PostAsync(address, form);
            Assert.Equal(HttpStatusCode.Redirect, answer.StatusCode);
            Assert.Contains("error=form", answer.Headers.Location?.OriginalString, StringComparison.Ordinal);
        }

        var denied = (await server.Get<AuditEntries>().Find(ProjectId.DefaultTenant, new() { Target = "session:*", Outcome = AuditOutcome.Denied }, before: null, take: 50)).Items.Select(entry => entry.Action).ToList();
        Assert.Contains("session:begin", denied);
        Assert.Contains("session:end", denied);
    }

    [Theory]
    [InlineData("/projects", "/projects")]
    [InlineData("/a?b=/c#d", "/a?b=/c#d")]
    [InlineData("", "/")]
    [InlineData(null, "/")]
    [InlineData("//evil.example", "/")]
    [InlineData("/\\evil.example", "/")]
    [InlineData("/a\\b", "/")]
    [InlineData("https://evil.example/", "/")]
    [InlineData("javascript:alert(1)", "/")]
    [InlineData("\t//evil.example", "/")]
    [InlineData("/\t/evil.example", "/")]
    [InlineData("/a\r\nSet-Cookie: x=1", "/")]
    public void ReturnUrl_OnlyOurOwnPaths(string? asked, string expected) => Assert.Equal(expected, LoginEndpoints.LocalOrHome(asked));

    [Fact]
    public async Task Logout_EndsTheSession()
    {
        using var browser = await LoggedIn(Role.Viewer);
        var field = await browser.GetStringAsync("/test/form");
        using var form = new FormUrlEncodedContent([new("__RequestVerificationToken", field)]);
        Assert.Equal("/login", (await browser.PostAsync("/logout", form)).Headers.Location?.OriginalString);
        await (await browser.GetAsync("/api/v1/account")).Problem(HttpStatusCode.Unauthorized, "unauthenticated");
    }

    [Fact]
    public async Task Session_OfAChangedPassword_Ends()
    {
        var user = await server.NewUser(Role.Viewer);
        using var browser = server.Browser();
        await Login(browser, user.Name, TestServer.Password);
        await (await browser.GetAsync("/api/v1/account")).Read<PRTS.Api.Access.Me>();
        await server.Get<Accounts>().SetPassword(user, "another password");
        await (await browser.GetAsync("/api/v1/account")).Problem(HttpStatusCode.Unauthorized, "unauthenticated");
    }

    [Fact]
    public async Task Cookie_AloneChangesNothing()
    {
        using var browser = await LoggedIn(Role.Viewer);
        var body = new PRTS.Api.Access.CreateAccessToken { Name = "x" };
        // Routes do not tell large letters from small ones.
        foreach (var address in (string[])["/api/v1/account/tokens", "/API/v1/account/tokens", "/Api/V1/Account/Tokens"])
            await (await browser.PostAsJsonAsync(address, body)).Problem(HttpStatusCode.Forbidden, "csrf");
        await (await browser.GetAsync("/API/v1/nothing")).Problem(HttpStatusCode.NotFound, "not-found");
        Assert.Equal(HttpStatusCode.Unauthorized, (await browser.GetAsync($"/GIT/{await server.NewProject()}.git/info/refs?service=git-upload-pack")).StatusCode);
        await (await Post(browser, body, "http://evil.example")).Problem(HttpStatusCode.Forbidden, "csrf");
        await (await Post(browser, body, "null")).Problem(HttpStatusCode.Forbidden, "csrf");
        using var form = new HttpRequestMessage(HttpMethod.Post, "/api/v1/account/tokens") { Content = new StringContent("{\"name\":\"x\"}"), Headers = { { "Origin", Origin } } };
        await (await browser.SendAsync(form)).Problem(HttpStatusCode.Forbidden, "csrf");
        await (await Post(browser, body, Origin)).Read<PRTS.Api.Access.CreatedAccessToken>(HttpStatusCode.Created);
        using var guarded = new HttpRequestMessage(HttpMethod.Post, "/api/v1/account/tokens") { Content = JsonContent.Create(body), Headers = { { Csrf.Header, await browser.GetStringAsync("/test/form") } } };
        await (await browser.SendAsync(guarded)).Read<PRTS.Api.Access.CreatedAccessToken>(HttpStatusCode.Created);
    }

    [Fact]
    public async Task Page_WithoutLogin_LeadsToTheLoginPageAndBack()
    {
        using var browser = server.Browser();
        using var answer = await browser.GetAsync("/projects/a?b=c");
        Assert.Equal(HttpStatusCode.Redirect, answer.StatusCode);
        Assert.Equal("/login?returnUrl=%2Fprojects%2Fa%3Fb%3Dc", answer.Headers.Location?.PathAndQuery);
        Assert.Equal("nosniff", answer.Headers.GetValues("X-Content-Type-Options").Single());
        Assert.Contains("frame-ancestors 'none'", answer.Headers.GetValues("Content-Security-Policy").Single(), StringComparison.Ordinal);
    }

    private string Origin => server.Address.GetLeftPart(UriPartial.Authority);

    private async Task<HttpClient> LoggedIn(Role role)
    {
        var browser = server.Browser();
        await Login(browser, (await server.NewUser(role)).Name, TestServer.Password);
        return browser;
    }

    private static Task<HttpResponseMessage> Post<T>(HttpClient browser, T body, string origin) =>
        browser.SendAsync(new HttpRequestMessage(HttpMethod.Post, "/api/v1/account/tokens") { Content = JsonContent.Create(body), Headers = { { "Origin", origin } } });

    private static async Task<HttpResponseMessage> Login(HttpClient browser, string name, string password, string returnUrl = "/")
    {
        var field = await browser.GetStringAsync("/test/form");
        using var form = new FormUrlEncodedContent([new("__RequestVerificationToken", field), new("name", name), new("password", password), new("returnUrl", returnUrl)]);
        return await browser.PostAsync("/login", form);
    }

    private static HttpRequestMessage Basic(string name, string password) => new(HttpMethod.Get, "/api/v1/account")
    {
        Headers = { Authorization = new("Basic", Convert.ToBase64String(System.Text.Encoding.UTF8.GetBytes($"{name}:{password}"))) },
    };
}
