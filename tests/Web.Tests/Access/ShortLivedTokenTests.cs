using System.Globalization;
using System.Net;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json.Nodes;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;
using PRTS.Api.Access;
using PRTS.Api.Secrets;
using PRTS.Contracts;
using PRTS.Contracts.Access;
using PRTS.Contracts.Builds;
using PRTS.Contracts.Projects;
using PRTS.Web.Access;

namespace PRTS.Web.Tests.Access;

public class ShortLivedTokenTests(TestServer server)
{
    private const string Exchange = "/api/v1/account/tokens/short-lived";
    private const string Account = "/api/v1/account";
    private const string Here = "http://prts.test";

    [Fact]
    public async Task Token_OfAnAccessToken_IsTrustedHereAndByWhoeverHasTheKeys()
    {
        var key = await server.NewToken(Role.Developer);
        var before = TimeProvider.System.GetUtcNow();
        var made = await Make(key, new() { Minutes = 5 });
        Assert.InRange(made.ExpiresAt, before.AddMinutes(5), TimeProvider.System.GetUtcNow().AddMinutes(5));

        using var client = server.Client(made.Token);
        Assert.Equal("developer", (await (await client.GetAsync(Account)).Read<Me>()).Role);
        using var git = server.Client();
        git.DefaultRequestHeaders.Authorization = new("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes($"any:{made.Token}")));
        Assert.Equal(HttpStatusCode.OK, (await git.GetAsync(Account)).StatusCode);

        using var nobody = server.Client();
        var result = await new JsonWebTokenHandler { MapInboundClaims = false }.ValidateTokenAsync(made.Token, new()
        {
            ValidTypes = ["at+jwt"],
            ValidIssuer = Here,
            ValidAudience = Here,
            ValidAlgorithms = [SecurityAlgorithms.RsaSha256],
            IssuerSigningKeys = new JsonWebKeySet(await nobody.GetStringAsync("/.well-known/jwks.json")).GetSigningKeys(),
        });
        Assert.True(result.IsValid, result.Exception?.Message);
        Assert.Equal(("default", "*"), (result.Claims["tenant"], result.Claims["scope"]));
    }

    [Fact]
    public async Task Token_EndsWithItsAccessTokenAndItsAccount()
    {
        var user = await server.NewUser(Role.Viewer);
        var key = await server.Get<AccessTokens>().Create(user.Id, new() { Name = "service" });
        using var client = server.Client((await Make(key.Token, new())).Token);
        Assert.Equal(HttpStatusCode.OK, (await client.GetAsync(Account)).StatusCode);
        await server.Grains.User(user.Tenant, user.Id).SetEnabled(false);
        Assert.Equal(HttpStatusCode.Unauthorized, (await client.GetAsync(Account)).StatusCode);
        await server.Grains.User(user.Tenant, user.Id).SetEnabled(true);
        Assert.Equal(HttpStatusCode.OK, (await client.GetAsync(Account)).StatusCode);
        Assert.True(await server.Get<AccessTokens>().Revoke(user.Id, key.Summary.Id));
        await (await client.GetAsync(Account)).Problem(HttpStatusCode.Unauthorized, "unauthenticated");
    }

    [Fact]
    public async Task Token_GoesAsFarAsItAndItsAccessTokenDo()
    {
        var project = await server.NewProject();
        var other = await server.NewProject();
        var owner = await server.NewUser(Role.Maintainer);
        var key = (await server.Get<AccessTokens>().Create(owner.Id, new() { Name = "service", Permissions = ["project:*", "build:read"], Scope = project.Org })).Token;
        using var client = server.Client((await Make(key, new() { Permissions = ["project:read", "pipeline:run"], Scope = project.ToString() })).Token);

        Assert.Equal(HttpStatusCode.OK, (await client.GetAsync($"/api/v1/projects/{project}")).StatusCode);
        Assert.Equal(HttpStatusCode.Forbidden, (await client.GetAsync($"/api/v1/projects/{other}")).StatusCode);
        Assert.Equal(HttpStatusCode.Forbidden, (await client.GetAsync($"/api/v1/projects/{project}/builds")).StatusCode);
        Assert.Equal(HttpStatusCode.Forbidden, (await client.PostAsJsonAsync($"/api/v1/projects/{project}/builds", new { })).StatusCode);
        Assert.Equal(HttpStatusCode.Forbidden, (await client.GetAsync(Account)).StatusCode);

        await Refused(key, new() { Permissions = ["pipeline:run"] }, "does not go so far");
        await Refused(key, new() { Scope = "elsewhere" }, "does not go so far");
    }

    [Fact]
    public async Task Token_IsNotMadeForWhatIsWrong()
    {
        var key = await server.NewToken(Role.Admin);
        await Refused(key, new() { Minutes = 61 }, "from 1 to 60");
        await Refused(key, new() { Minutes = 0 }, "from 1 to 60");
        await Refused(key, new() { Permissions = ["everything"] }, "is no permission");
        await Refused(key, new() { Permissions = [] }, "good for nothing");
        await Refused(key, new() { Scope = "a/b/c" }, "is no place");
        await Refused(key, new() { Audience = "deploy" }, "is no audience");
        await Refused((await Make(key, new())).Token, new(), "made for an access token");
        using var limited = server.Client((await Make(key, new())).Token);
        Assert.Equal(HttpStatusCode.Forbidden, (await limited.PostAsJsonAsync("/api/v1/account/tokens", new CreateAccessToken { Name = "for ever" })).StatusCode);
    }

    [Fact]
    public async Task Token_ForSomebodyElse_IsNotTakenHere()
    {
        var made = await Make(await server.NewToken(Role.Admin), new() { Audience = "https://deploy.example.com" });
        using var client = server.Client(made.Token);
        await (await client.GetAsync(Account)).Problem(HttpStatusCode.Unauthorized, "unauthenticated");
    }

    [Fact]
    public async Task Token_OfAJob_ReadsItsProjectWhileItRuns()
    {
        var project = await server.NewProject();
        var other = await server.NewProject();
        var attempt = new AttemptId(new(new(project, 1), "build"), 1);
        using var client = server.Client(await OfJob(attempt, Here));

        Assert.Equal(HttpStatusCode.OK, (await client.GetAsync($"/api/v1/projects/{project}")).StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await client.GetAsync($"/api/v1/projects/{project}/builds")).StatusCode);
        Assert.Equal([project.ToString()], (await client.GetFromJsonAsync<JsonObject>("/api/v1/projects"))!["items"]!.AsArray().Select(each => $"{each!["org"]}/{each["name"]}"));
        foreach (var address in (string[])[$"/api/v1/projects/{other}", Account, "/api/v1/account/tokens", "/api/v1/users", $"/api/v1/projects/{project}/secrets", "/api/v1/audit"])
            Assert.Equal(HttpStatusCode.Forbidden, (await client.GetAsync(address)).StatusCode);
        Assert.Equal(HttpStatusCode.Forbidden, (await client.PostAsJsonAsync($"/api/v1/projects/{project}/builds", new { })).StatusCode);
        Assert.Equal(HttpStatusCode.Forbidden, (await client.PostAsync($"/api/v1/projects/{project}/builds/1/jobs/build/secrets", null)).StatusCode);

        using var elsewhere = server.Client(await OfJob(attempt, "https://vault.example.com"));
        Assert.Equal(HttpStatusCode.Unauthorized, (await elsewhere.GetAsync($"/api/v1/projects/{project}")).StatusCode);
        // Another attempt has taken over.
        server.Get<Recorder>().Runs(new AttemptId(attempt.Job, 2), "agent");
        Assert.Equal(HttpStatusCode.Unauthorized, (await client.GetAsync($"/api/v1/projects/{project}")).StatusCode);
    }

    [Fact]
    public async Task Token_Mutated_IsNeverTaken()
    {
        const int Attacks = 3000;
        var seed = Random.Shared.Next();
        var random = new Random(seed);
        var project = await server.NewProject();
        string[] controls = [(await Make(await server.NewToken(Role.Admin), new())).Token, await OfJob(new(new(new(project, 1), "build"), 1), Here)];
        var address = $"/api/v1/projects/{project}";
        var accepted = new List<string>();
        var broken = new List<string>();
        using var client = server.Client();
        for (var n = 0; n < Attacks; n++)
        {
            var original = controls[n % controls.Length];
            var attack = Mutate(original, n / controls.Length, random);
            if (attack == original) continue;
            using var request = new HttpRequestMessage(HttpMethod.Get, address);
            request.Headers.TryAddWithoutValidation("Authorization", $"Bearer {attack}");
            using var answer = await client.SendAsync(request);
            if (answer.IsSuccessStatusCode) accepted.Add(attack);
            else if (answer.StatusCode != HttpStatusCode.Unauthorized) broken.Add($"{answer.StatusCode} {attack}");
        }

        foreach (var control in controls)
        {
            using var again = server.Client(control);
            Assert.Equal(HttpStatusCode.OK, (await again.GetAsync(address)).StatusCode);
        }

        Assert.True(accepted.Count + broken.Count == 0, $"seed {seed}; accepted:\n{string.Join('\n', accepted)}\nother than 401:\n{string.Join('\n', broken)}");
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"counted: own JWT, {Attacks} mutated tokens of services and jobs (seed {seed}): 0 accepted, 0 answers of 5xx; {controls.Length} of {controls.Length} valid controls accepted"));
    }

    /// <summary>By turns: a claim or a header changed, a signature of somebody else or none, characters changed, taken out, put in, parts swapped.</summary>
    private static string Mutate(string token, int kind, Random random)
    {
        var parts = token.Split('.');
        var at = random.Next(token.Length);
        switch (kind % 8)
        {
            case 0:
                parts[1] = Changed(parts[1], random, "tenant", "org", "project", "aud", "iss", "exp", "nbf", "sub", "scope", "prts_key", "prts_place", "build", "attempt", "agent");
                return string.Join('.', parts);
            case 1:
                parts[0] = Changed(parts[0], random, "alg", "typ", "kid", "jwk", "jku", "x5c", "crit", "zip");
                return string.Join('.', parts);
            case 2:
                string[] algorithms = ["none", "None", "", "HS256", "RS512", "PS256", "ES256"];
                parts[0] = Base64UrlEncoder.Encode($$"""{"alg":"{{algorithms[random.Next(algorithms.Length)]}}","typ":"at+jwt"}""");
                return $"{parts[0]}.{parts[1]}.{(random.Next(2) == 0 ? "" : parts[2])}";
            case 3:
                using (var rsa = System.Security.Cryptography.RSA.Create(2048))
                {
                    var signature = rsa.SignData(Encoding.ASCII.GetBytes($"{parts[0]}.{parts[1]}"), System.Security.Cryptography.HashAlgorithmName.SHA256, System.Security.Cryptography.RSASignaturePadding.Pkcs1);
                    return $"{parts[0]}.{parts[1]}.{Base64UrlEncoder.Encode(signature)}";
                }

            case 4:
                var bytes = Base64UrlEncoder.DecodeBytes(parts[2]);
                bytes[random.Next(bytes.Length)] ^= (byte)(1 << random.Next(8));
                return $"{parts[0]}.{parts[1]}.{Base64UrlEncoder.Encode(bytes)}";
            case 5:
                return token.Remove(at, Math.Min(1 + random.Next(20), token.Length - at));
            case 6:
                return token.Insert(at, new string((char)random.Next(0x21, 0x7f), 1 + random.Next(20)));
            default:
                var order = ((int[])[0, 1, 2]).OrderBy(_ => random.Next()).ToArray();
                return random.Next(2) == 0 ? string.Join('.', order.Select(part => parts[part])) : token + "." + parts[random.Next(3)];
        }
    }

    private static string Changed(string part, Random random, params string[] names)
    {
        var json = JsonNode.Parse(Base64UrlEncoder.Decode(part))!.AsObject();
        var name = names[random.Next(names.Length)];
        json[name] = random.Next(6) switch
        {
            0 => null,
            1 => "",
            2 => random.Next(),
            3 => new JsonArray("*", Here),
            4 => "HS256",
            _ => long.MaxValue,
        };
        return Base64UrlEncoder.Encode(json.ToJsonString());
    }

    private async Task<string> OfJob(AttemptId attempt, string audience)
    {
        server.Get<Recorder>().Runs(attempt, "agent", tokens: [new() { Variable = "API_TOKEN", Audiences = [audience] }]);
        using var agent = server.Client(server.Attempts.Create(attempt, "agent"));
        var project = attempt.Job.Build.Project;
        var delivered = await (await agent.PostAsync($"/api/v1/projects/{project}/builds/{attempt.Job.Build.Number}/jobs/{attempt.Job.Name}/secrets", null)).Read<DeliveredSecrets>();
        return Assert.Single(delivered.Tokens).Value;
    }

    private async Task<ShortLivedToken> Make(string key, CreateShortLivedToken request)
    {
        using var client = server.Client(key);
        using var answer = await client.PostAsJsonAsync(Exchange, request);
        Assert.True(answer.Headers.CacheControl!.NoStore);
        return await answer.Read<ShortLivedToken>();
    }

    private async Task Refused(string key, CreateShortLivedToken request, string because)
    {
        using var client = server.Client(key);
        var problem = await (await client.PostAsJsonAsync(Exchange, request)).Content.ReadAsStringAsync();
        Assert.Contains(because, problem, StringComparison.Ordinal);
    }
}
