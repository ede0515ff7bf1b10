using Microsoft.Extensions.DependencyInjection;
using PRTS.Contracts;
using PRTS.Contracts.Access;
using PRTS.Storage.Access;
using PRTS.Storage.Users;

namespace PRTS.Grains.Tests.Cluster;

/// <summary>Tenants, teams, users and grants, with real grains on PostgreSQL.</summary>
public sealed class AccessTests(TestCluster cluster)
{
    private readonly string tenant = $"t{Guid.NewGuid():N}"[..20];

    private AccessFactsStore Facts => cluster.Services.GetRequiredService<AccessFactsStore>();

    private DirectoryReadModel Read => cluster.Services.GetRequiredService<DirectoryReadModel>();

    private async Task<Guid> User(string name)
    {
        await cluster.Grains.Tenant(tenant).Create("Test");
        var id = Guid.NewGuid();
        Assert.True(await cluster.Grains.User(tenant, id).Create(new() { Name = name, CreatedAt = Plans.Now }));
        return id;
    }

    private async Task<bool> May(Guid user, string permission, AccessScope scope) => AccessRules.Allows((await Facts.Get(user))!, permission, scope);

    [Fact]
    public async Task Team_GivenARole_GivesItToItsMembersUntilTheyLeave()
    {
        var ann = await User("ann");
        var core = cluster.Grains.Team(tenant, "acme", "core");
        Assert.False(await core.SetMember(ann, member: true));
        await cluster.Grains.Organization(tenant, "acme").Create("Acme");
        await core.Set("The core");
        Assert.True(await core.SetMember(ann, member: true));
        await cluster.Grains.Grants(tenant, new("acme", "shop")).Give(GrantSubject.OfTeam("acme", "core").ToString(), "developer");
        Assert.True(await May(ann, Permissions.PipelineRun, new("acme", "shop")));
        Assert.False(await May(ann, Permissions.PipelineRun, new("acme", "else")));
        Assert.Equal(["ann"], Assert.Single(await Read.Teams(tenant, "acme")).Members);

        await cluster.DeactivateAll();
        await core.SetMember(ann, member: false);
        Assert.False(await May(ann, Permissions.PipelineRun, new("acme", "shop")));
        await core.SetMember(ann, member: true);
        Assert.True(await core.Remove());
        Assert.False(await May(ann, Permissions.PipelineRun, new("acme", "shop")));
        Assert.False(await core.Remove());
    }

    [Fact]
    public async Task Grants_OfATeamOfAnotherTenant_GiveNothing()
    {
        var ann = await User("ann");
        await cluster.Grains.Team(tenant, "acme", "core").Set("");
        await cluster.Grains.Team(tenant, "acme", "core").SetMember(ann, member: true);
        await cluster.Grains.Grants("elsewhere", AccessScope.Tenant).Give(GrantSubject.OfTeam("acme", "core").ToString(), "admin");
        await cluster.Grains.Grants("elsewhere", AccessScope.Tenant).Give(GrantSubject.Of(ann).ToString(), "admin");
        Assert.Empty((await Facts.Get(ann))!.Roles);
    }

    [Fact]
    public async Task User_NameIsTaken_IsRefusedAndDisabledOneMayNothing()
    {
        var ann = await User("ann");
        Assert.False(await cluster.Grains.User(tenant, Guid.NewGuid()).Create(new() { Name = "ANN", CreatedAt = Plans.Now }));
        var bob = await User("bob");
        Assert.False(await cluster.Grains.User(tenant, bob).Update(new() { Name = "ann" }));
        Assert.True(await cluster.Grains.User(tenant, bob).Update(new() { Name = "rob", DisplayName = "Rob", Email = "rob@example.com" }));
        Assert.Equal(("rob", "Rob"), ((await cluster.Services.GetRequiredService<UsersStore>().Get(bob))!.Name, (await cluster.Services.GetRequiredService<UsersStore>().Get(bob))!.DisplayName));

        await cluster.Grains.Grants(tenant, AccessScope.Tenant).Give(GrantSubject.Of(ann).ToString(), "viewer");
        Assert.True(await May(ann, Permissions.ProjectRead, AccessScope.Tenant));
        await cluster.Grains.User(tenant, ann).SetEnabled(false);
        Assert.False(await May(ann, Permissions.ProjectRead, AccessScope.Tenant));
        await cluster.Grains.User(tenant, ann).SetEnabled(true);
        Assert.Null(await cluster.Grains.Tenant(tenant).SetEnabled(false));
        Assert.False(await May(ann, Permissions.ProjectRead, AccessScope.Tenant));
        Assert.Contains("cannot be disabled", await cluster.Grains.Tenant("default").SetEnabled(false), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Role_OfPermissions_HoldsAtOnceAndGoes()
    {
        var ann = await User("ann");
        Assert.Contains("no permission", await cluster.Grains.Tenant(tenant).SetRole(new("deployer", ["deploy:all"])), StringComparison.Ordinal);
        Assert.Contains("built-in", await cluster.Grains.Tenant(tenant).SetRole(new("admin", ["*"])), StringComparison.Ordinal);
        Assert.Null(await cluster.Grains.Tenant(tenant).SetRole(new("deployer", ["environment:*"])));
        await cluster.Grains.Grants(tenant, new("acme")).Give(GrantSubject.Of(ann).ToString(), "deployer");
        Assert.True(await May(ann, Permissions.EnvironmentApprove, new("acme", "shop")));
        Assert.Null(await cluster.Grains.Tenant(tenant).SetRole(new("deployer", ["environment:read"])));
        Assert.False(await May(ann, Permissions.EnvironmentApprove, new("acme", "shop")));
        Assert.Null(await cluster.Grains.Tenant(tenant).RemoveRole("deployer"));
        Assert.False(await May(ann, Permissions.EnvironmentRead, new("acme", "shop")));
        Assert.NotNull(await cluster.Grains.Tenant(tenant).RemoveRole("deployer"));
    }

    [Fact]
    public async Task Replace_BuiltInRole_KeepsCustomOnes()
    {
        var ann = await User("ann");
        var grants = cluster.Grains.Grants(tenant, AccessScope.Tenant);
        await grants.Give(GrantSubject.Of(ann).ToString(), "viewer");
        await grants.Give(GrantSubject.Of(ann).ToString(), "special");
        await grants.Replace(GrantSubject.Of(ann).ToString(), "maintainer");
        Assert.Equal(["maintainer", "special"], (await Facts.Get(ann))!.Roles.Select(held => held.Role));
        await grants.Take(GrantSubject.Of(ann).ToString(), "special");
        await grants.Replace(GrantSubject.Of(ann).ToString(), null);
        Assert.Empty((await Facts.Get(ann))!.Roles);
    }
}
