using System.Net;
using System.Net.Http.Json;
using PRTS.Api.Agents;
using PRTS.Contracts;
using PRTS.Contracts.Access;
using PRTS.Contracts.Projects;
using PRTS.Storage.Agents;
using PRTS.Web.Access;
using Xunit;

namespace PRTS.Web.Tests.Agents;

/// <summary>Who lets agents into the cluster that all tenants share (docs/adr/0001).</summary>
public class AgentTokenTests(TestServer server)
{
    private const string Address = "/api/v1/agents/tokens";

    [Fact]
    public async Task Token_ForATenant_IsTheOperatorsToMake_AndItsAdministratorIsToldSo()
    {
        var tenant = await NewTenant(server);
        using var administrator = await Administrator(server, tenant);
        var refused = await (await administrator.PostAsJsonAsync(Address, new CreateAgentToken())).Problem(HttpStatusCode.Forbidden, "forbidden");
        Assert.Contains("trust one another", refused, StringComparison.Ordinal);
        Assert.Contains($"prts agent token --tenant {tenant}", refused, StringComparison.Ordinal);
        Assert.Contains("PRTS_TENANT_AGENTS=1", refused, StringComparison.Ordinal);
        await (await administrator.PostAsJsonAsync(Address, new CreateAgentToken { Tenant = tenant })).Problem(HttpStatusCode.Forbidden, "forbidden");

        using var operators = await server.Client(Role.Admin);
        var made = await (await operators.PostAsJsonAsync(Address, new CreateAgentToken { Tenant = tenant, Name = "builder" })).Read<AgentToken>(HttpStatusCode.Created);
        Assert.Equal((tenant, "builder"), await Of(server, made));
        var own = await (await operators.PostAsJsonAsync(Address, new CreateAgentToken())).Read<AgentToken>(HttpStatusCode.Created);
        Assert.Equal((ProjectId.DefaultTenant, null), await Of(server, own));
        var identities = server.Get<AgentIdentities>();
        var identity = new AgentIdentity { Tenant = tenant, Name = "builder", CredentialHash = Credentials.Sha256("credential"), Thumbprint = "00", CreatedAt = TimeProvider.System.GetUtcNow() };
        await identities.Register(identity);
        Assert.True(await identities.Verify(tenant, "builder", identity.CredentialHash));
        Assert.NotNull(await identities.FindToken(Credentials.Sha256(made.Token)));
        Assert.Null(await server.Grains.Tenant(tenant).SetEnabled(false));
        Assert.False(await identities.Verify(tenant, "builder", identity.CredentialHash));
        Assert.Null(await identities.FindToken(Credentials.Sha256(made.Token)));
        Assert.Null(await identities.Join(Credentials.Sha256(made.Token), "builder", _ => identity));
        Assert.Contains("is disabled", await (await operators.PostAsJsonAsync(Address, new CreateAgentToken { Tenant = tenant })).Problem(HttpStatusCode.BadRequest, "invalid"), StringComparison.Ordinal);
        Assert.Contains("There is no tenant 'nowhere'", await (await operators.PostAsJsonAsync(Address, new CreateAgentToken { Tenant = "nowhere" })).Problem(HttpStatusCode.BadRequest, "invalid"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Token_ForAnotherTenant_NeedsMoreThanTheRightToManageAgents()
    {
        var tenant = await NewTenant(server);
        var owner = await server.NewUser(Role.Admin);
        using var limited = server.Client((await server.Get<AccessTokens>().Create(owner.Id, new() { Name = "agents", Permissions = ["agent:*"] })).Token);
        await (await limited.PostAsJsonAsync(Address, new CreateAgentToken())).Read<AgentToken>(HttpStatusCode.Created);
        await (await limited.PostAsJsonAsync(Address, new CreateAgentToken { Tenant = tenant })).Problem(HttpStatusCode.Forbidden, "forbidden");
        // Neither learns whether there is such a tenant.
        Assert.DoesNotContain("There is no", await (await limited.PostAsJsonAsync(Address, new CreateAgentToken { Tenant = "nowhere" })).Problem(HttpStatusCode.Forbidden, "forbidden"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Token_WhereTheOperatorTrustsTenants_IsForTheirAdministratorsToo_ForTheirOwnAlone()
    {
        await using var trusting = new TestServer { TenantAgents = true };
        await trusting.InitializeAsync();
        var (tenant, other) = (await NewTenant(trusting), await NewTenant(trusting));
        using var administrator = await Administrator(trusting, tenant);
        var made = await (await administrator.PostAsJsonAsync(Address, new CreateAgentToken())).Read<AgentToken>(HttpStatusCode.Created);
        Assert.Equal((tenant, null), await Of(trusting, made));
        foreach (var foreign in (string[])[other, ProjectId.DefaultTenant])
            await (await administrator.PostAsJsonAsync(Address, new CreateAgentToken { Tenant = foreign })).Problem(HttpStatusCode.Forbidden, "forbidden");
    }

    [Fact]
    public async Task Token_WithWhatIsNoLabel_IsRefusedAndSaysWhich()
    {
        using var client = await server.Client(Role.Admin);
        Assert.Contains("'a b' is not a label", await Refused("gpu", "a b"), StringComparison.Ordinal);
        Assert.Contains("'a,b' is not a label", await Refused("a,b"), StringComparison.Ordinal);
        Assert.Contains("'' is not a label", await Refused(""), StringComparison.Ordinal);
        Assert.Contains("is not a label", await Refused(new string('a', 101)), StringComparison.Ordinal);
        Assert.Contains("There are 51 labels", await Refused([.. Enumerable.Range(0, 51).Select(n => $"l{n}")]), StringComparison.Ordinal);
        await (await client.PostAsJsonAsync(Address, new CreateAgentToken { Labels = [.. Enumerable.Range(10, 50).Select(n => new string('a', 98) + n)] })).Read<AgentToken>(HttpStatusCode.Created);

        async Task<string> Refused(params string[] labels) => await (await client.PostAsJsonAsync(Address, new CreateAgentToken { Labels = labels })).Problem(HttpStatusCode.BadRequest, "invalid");
    }

    private static async Task<string> NewTenant(TestServer server)
    {
        var tenant = server.Unique("tenant");
        Assert.Null(await server.Grains.Tenant(tenant).Create("Somebody else"));
        return tenant;
    }

    private static async Task<HttpClient> Administrator(TestServer server, string tenant)
    {
        var id = Guid.NewGuid();
        Assert.True(await server.Grains.User(tenant, id).Create(new() { Name = server.Unique("boss"), CreatedAt = TimeProvider.System.GetUtcNow() }));
        await server.Grains.Grants(tenant, AccessScope.Tenant).Give(GrantSubject.Of(id).ToString(), Accounts.Name(Role.Admin));
        return server.Client((await server.Get<AccessTokens>().Create(id, new() { Name = "test" })).Token);
    }

    private static async Task<(string, string?)> Of(TestServer server, AgentToken made) =>
        await server.Get<AgentIdentities>().FindToken(Credentials.Sha256(made.Token)) is { } token ? (token.Tenant, token.Name) : default;
}
