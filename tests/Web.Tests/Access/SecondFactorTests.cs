using System.Net;
using System.Net.Http.Json;
using OtpNet;
using PRTS.Api.Access;
using PRTS.Contracts.Access;
using PRTS.Storage.Users;
using PRTS.Web.Access;

namespace PRTS.Web.Tests.Access;

public class SecondFactorTests(TestServer server)
{
    private const string Own = "/api/v1/account/second-factor";

    [Fact]
    public async Task Login_WithASecondFactor_NeedsItsCode_AndNoCodeCountsTwice()
    {
        var (user, app, recovery) = await Secured();
        using var browser = server.Browser();
        Assert.Equal("/login/code", await Post(browser, "/login", ("name", user.Name), ("password", TestServer.Password), ("returnUrl", "/projects")));
        await (await browser.GetAsync("/api/v1/account")).Problem(HttpStatusCode.Unauthorized, "unauthenticated");
        Assert.Equal("/login/code?error=refused", await Post(browser, "/login/code", ("code", "000000")));
        // The code of the confirmation was used; the next of the app is right a step ahead.
        Assert.Equal("/login/code?error=refused", await Post(browser, "/login/code", ("code", app(0))));
        Assert.Equal("/projects", await Post(browser, "/login/code", ("code", app(1))));
        Assert.Equal(user.Name, (await (await browser.GetAsync("/api/v1/account")).Read<Me>()).Name);

        using var second = server.Browser();
        await Post(second, "/login", ("name", user.Name), ("password", TestServer.Password));
        Assert.Equal("/login/code?error=refused", await Post(second, "/login/code", ("code", app(1))));
        Assert.Equal("/", await Post(second, "/login/code", ("code", recovery[0].ToUpperInvariant())));
        using var third = server.Browser();
        await Post(third, "/login", ("name", user.Name), ("password", TestServer.Password));
        Assert.Equal("/login/code?error=refused", await Post(third, "/login/code", ("code", recovery[0])));
        Assert.Equal(9, (await server.Get<SecondFactors>().State(user.Id)).RecoveryCodes);
    }

    [Fact]
    public async Task Code_WithoutThePasswordBefore_IsNotAsked()
    {
        var (_, app, _) = await Secured();
        using var browser = server.Browser();
        Assert.StartsWith("/login?error=form", await Post(browser, "/login/code", ("code", app(1))), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Codes_GuessedBetweenRightPasswords_LockTheAccount()
    {
        var (user, app, _) = await Secured();
        for (var i = 0; i < 5; i++)
        {
            using var guesser = server.Browser();
            await Post(guesser, "/login", ("name", user.Name), ("password", TestServer.Password));
            Assert.Equal("/login/code?error=refused", await Post(guesser, "/login/code", ("code", "123456")));
        }

        using var browser = server.Browser();
        Assert.StartsWith("/login?error=refused", await Post(browser, "/login", ("name", user.Name), ("password", TestServer.Password)), StringComparison.Ordinal);
        Assert.False(await server.Get<SecondFactors>().Check((await server.Get<UsersStore>().Get(user.Id))!, app(1), null));
    }

    [Fact]
    public async Task Password_AloneInAHeader_IsRefused_TokensAreNot()
    {
        var (user, _, _) = await Secured();
        using var client = server.Client();
        var basic = new HttpRequestMessage(HttpMethod.Get, "/api/v1/account")
        {
            Headers = { Authorization = new("Basic", Convert.ToBase64String(System.Text.Encoding.UTF8.GetBytes($"{user.Name}:{TestServer.Password}"))) },
        };
        var problem = await (await client.SendAsync(basic)).Problem(HttpStatusCode.Unauthorized, "unauthenticated");
        Assert.Contains("access token", problem, StringComparison.Ordinal);
        using var program = server.Client((await server.Get<AccessTokens>().Create(user.Id, new() { Name = "git" })).Token);
        await (await program.GetAsync("/api/v1/account")).Read<Me>();
    }

    [Fact]
    public async Task Factor_IsTurnedOffWithACode_OrByAnAdministrator()
    {
        var (user, app, recovery) = await Secured();
        using var program = server.Client((await server.Get<AccessTokens>().Create(user.Id, new() { Name = "own" })).Token);
        await (await program.PostAsync(Own, null)).Problem(HttpStatusCode.Conflict, "conflict");
        await (await program.PostAsJsonAsync($"{Own}/remove", new SecondFactorCode { Code = "123456" })).Problem(HttpStatusCode.Forbidden, "wrong-code");
        var others = (await (await program.PostAsJsonAsync($"{Own}/recovery-codes", new SecondFactorCode { Code = recovery[1] })).Read<RecoveryCodes>()).Codes;
        await (await program.PostAsJsonAsync($"{Own}/remove", new SecondFactorCode { Code = recovery[2] })).Problem(HttpStatusCode.Forbidden, "wrong-code");
        Assert.Equal(HttpStatusCode.NoContent, (await program.PostAsJsonAsync($"{Own}/remove", new SecondFactorCode { Code = others[0] })).StatusCode);
        Assert.False((await (await program.GetAsync(Own)).Read<SecondFactorState>()).Enabled);

        var (other, _, _) = await Secured();
        using var admin = server.Client(await server.NewToken(Role.Admin));
        Assert.Equal(HttpStatusCode.NoContent, (await admin.DeleteAsync($"/api/v1/users/{other.Name}/second-factor")).StatusCode);
        await (await admin.DeleteAsync($"/api/v1/users/{other.Name}/second-factor")).Problem(HttpStatusCode.NotFound, "not-found");
        using var browser = server.Browser();
        Assert.Equal("/", await Post(browser, "/login", ("name", other.Name), ("password", TestServer.Password)));
    }

    /// <summary>A user with an app that has shown the code of this moment.</summary>
    private async Task<(StoredUser User, Func<int, string> Code, IReadOnlyList<string> Recovery)> Secured()
    {
        var user = await server.NewUser(Role.Viewer);
        var factors = server.Get<SecondFactors>();
        var begun = (await factors.Begin(user))!;
        Assert.StartsWith($"otpauth://totp/PRTS:{user.Name}?secret={begun.Secret}&issuer=PRTS", begun.Uri, StringComparison.Ordinal);
        var totp = new Totp(Base32Encoding.ToBytes(begun.Secret));
        // Of this moment and so many steps of 30 s after it, whenever it is asked for.
        var now = TimeProvider.System.GetUtcNow().UtcDateTime;
        string app(int ahead) => totp.ComputeTotp(now.AddSeconds(30 * ahead));
        Assert.Null(await factors.Confirm(user, "12345"));
        Assert.False(await factors.IsAsked(user.Id));
        var recovery = await factors.Confirm(user, app(0));
        Assert.Equal(10, recovery!.Distinct().Count());
        return (user, app, recovery!);
    }

    private static async Task<string> Post(HttpClient browser, string address, params (string Name, string Value)[] fields)
    {
        var field = await browser.GetStringAsync("/test/form");
        using var form = new FormUrlEncodedContent([new("__RequestVerificationToken", field), .. fields.Select(pair => KeyValuePair.Create(pair.Name, pair.Value))]);
        return (await browser.PostAsync(address, form)).Headers.Location!.OriginalString;
    }
}
