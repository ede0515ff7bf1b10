using System.Net;
using System.Text.Json;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;
using PRTS.Api.Builds;
using PRTS.Api.Secrets;
using PRTS.Contracts.Builds;
using PRTS.Contracts.Projects;
using PRTS.Pipelines.Planning;
using PRTS.Storage.Secrets;

namespace PRTS.Web.Tests.Secrets;

public class JobSecretEndpointsTests(TestServer server)
{
    private const string Issuer = "http://prts.test";
    private const string Audience = "https://vault.example.com";

    [Fact]
    public async Task Deliver_ToTheAttemptThatRuns_GivesWhatTheJobNames()
    {
        var project = await server.NewProject();
        await Set(SecretScope.Of(project), "TOKEN", "of the project");
        await Set(SecretScope.Of(project), "OTHER", "not asked for");
        await Set(SecretScope.Of(project, "production"), "PASSWORD", "of production");
        var job = Job(project, environment: "production", secrets: ["TOKEN", "PASSWORD"]);
        using var client = server.Client(server.Attempts.Create(job.Attempt, "agent"));

        using var answer = await client.PostAsync(job.Address, null);
        Assert.True(answer.Headers.CacheControl!.NoStore);
        var delivered = await answer.Read<DeliveredSecrets>();

        Assert.Equal([new("PASSWORD", "of production"), new("TOKEN", "of the project")], delivered.Secrets);
        Assert.Empty(delivered.Refused);
        Assert.Empty(delivered.Tokens);
    }

    [Fact]
    public async Task Deliver_WhenOneIsRefused_GivesNoneAndSaysWhy()
    {
        var project = await server.NewProject();
        await Set(SecretScope.Of(project), "TOKEN", "for all");
        await Set(SecretScope.Of(project), "RELEASE", "for releases", new() { Branches = ["release/*"] });
        var job = Job(project, secrets: ["TOKEN", "RELEASE", "NOWHERE"]);
        using var client = server.Client(server.Attempts.Create(job.Attempt, "agent"));

        var delivered = await (await client.PostAsync(job.Address, null)).Read<DeliveredSecrets>();

        Assert.Empty(delivered.Secrets);
        Assert.Equal(2, delivered.Refused.Count);
        Assert.Contains(delivered.Refused, text => text.Contains("'RELEASE' is not given to builds of the branch 'main'", StringComparison.Ordinal));
        Assert.Contains(delivered.Refused, text => text.Contains("no secret 'NOWHERE'", StringComparison.Ordinal));
        Assert.False(delivered.MayBeRetried);
    }

    [Fact]
    public async Task Deliver_ToWhoDoesNotHoldTheJob_IsRefused()
    {
        var project = await server.NewProject();
        await Set(SecretScope.Of(project), "TOKEN", "of the project");
        var job = Job(project, secrets: ["TOKEN"]);
        foreach (var (attempt, agent) in new[] { (new AttemptId(job.Attempt.Job, 2), "agent"), (job.Attempt, "another") })
        {
            using var client = server.Client(server.Attempts.Create(attempt, agent));
            await (await client.PostAsync(job.Address, null)).Problem(HttpStatusCode.Forbidden, "fenced");
        }

        using var neighbour = server.Client(server.Attempts.Create(new AttemptId(new(job.Attempt.Job.Build, "neighbour"), 1), "agent"));
        Assert.Equal(HttpStatusCode.Forbidden, (await neighbour.PostAsync(job.Address, null)).StatusCode);
        using var administrator = await server.Client(Contracts.Access.Role.Admin);
        Assert.Equal(HttpStatusCode.Forbidden, (await administrator.PostAsync(job.Address, null)).StatusCode);
        using var nobody = server.Client();
        Assert.Equal(HttpStatusCode.Unauthorized, (await nobody.PostAsync(job.Address, null)).StatusCode);
    }

    [Fact]
    public async Task Tokens_AreTrustedByWhoeverKnowsTheAddress()
    {
        var project = await server.NewProject();
        var job = Job(project, environment: "production", tokens: [new() { Variable = "VAULT_TOKEN", Audiences = [Audience] }]);
        using var client = server.Client(server.Attempts.Create(job.Attempt, "agent"));
        var token = Assert.Single((await (await client.PostAsync(job.Address, null)).Read<DeliveredSecrets>()).Tokens);
        Assert.Equal("VAULT_TOKEN", token.Name);

        var right = await Validate(token.Value, Audience);
        Assert.True(right.IsValid, right.Exception?.Message);
        Assert.Equal($"tenant:default:project:{project}:environment:production", right.Claims["sub"]);
        Assert.Equal(("refs/heads/main", "main", "branch", "build", "production"), (right.Claims["ref"], right.Claims["branch"], right.Claims["ref_type"], right.Claims["job"], right.Claims["environment"]));
        Assert.False((await Validate(token.Value, "https://other.example.com")).IsValid);
        var parts = token.Value.Split('.');
        var forged = Base64UrlEncoder.Encode(Base64UrlEncoder.Decode(parts[1]).Replace("production", "productioN", StringComparison.Ordinal));
        Assert.False((await Validate($"{parts[0]}.{forged}.{parts[2]}", Audience)).IsValid);
    }

    [Fact]
    public async Task Configuration_NamesTheIssuerAndItsKeys()
    {
        using var nobody = server.Client();
        var configuration = JsonDocument.Parse(await nobody.GetStringAsync("/.well-known/openid-configuration")).RootElement;
        Assert.Equal((Issuer, Issuer + "/.well-known/jwks.json"), (configuration.GetProperty("issuer").GetString(), configuration.GetProperty("jwks_uri").GetString()));
        var keys = JsonDocument.Parse(await nobody.GetStringAsync("/.well-known/jwks.json")).RootElement.GetProperty("keys").EnumerateArray().ToList();
        Assert.Equal(3, keys.Count);
        // Only the public half.
        Assert.All(keys, key => Assert.Equal(["alg", "e", "kid", "kty", "n", "use"], key.EnumerateObject().Select(property => property.Name).Order(StringComparer.Ordinal)));
        Assert.Equal(3, keys.Select(key => key.GetProperty("kid").GetString()).Distinct().Count());
    }

    private async Task<TokenValidationResult> Validate(string token, string audience)
    {
        using var nobody = server.Client();
        var keys = new JsonWebKeySet(await nobody.GetStringAsync("/.well-known/jwks.json")).GetSigningKeys();
        return await new JsonWebTokenHandler { MapInboundClaims = false }.ValidateTokenAsync(token, new()
        {
            ValidIssuer = Issuer,
            ValidAudience = audience,
            IssuerSigningKeys = keys,
            ValidAlgorithms = [SecurityAlgorithms.RsaSha256],
        });
    }

    private Task Set(SecretScope scope, string name, string value, SecretLimits? limits = null) =>
        server.Get<SecretsStore>().Set(scope, name, new() { Value = SecretText.Of(value), Limits = limits ?? new() }, "tester");

    private (AttemptId Attempt, string Address) Job(ProjectId project, string? environment = null, string[]? secrets = null, PlannedIdToken[]? tokens = null)
    {
        var attempt = new AttemptId(new(new(project, 1), "build"), 1);
        server.Get<Recorder>().Runs(attempt, "agent", environment, secrets, tokens);
        return (attempt, $"/api/v1/projects/{project}/builds/1/jobs/build/secrets");
    }
}
