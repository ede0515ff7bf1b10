using CsCheck;
using PRTS.Contracts.Access;
using PRTS.Contracts.Projects;

namespace PRTS.Grains.Tests.Access;

/// <summary>The table of who may do what.</summary>
public sealed class AccessRulesTests
{
    private static readonly AccessScope Tenant = AccessScope.Tenant;
    private static readonly AccessScope Acme = new("acme");
    private static readonly AccessScope Shop = new("acme", "shop");
    private static readonly AccessScope Other = new("other", "shop");

    private static AccessFacts Somebody(params HeldRole[] roles) =>
        new() { Tenant = ProjectId.DefaultTenant, UserId = Guid.NewGuid(), Name = "ann", Enabled = true, Roles = roles };

    private static IReadOnlyDictionary<string, IReadOnlyList<string>> Custom(string name, params string[] permissions) =>
        new Dictionary<string, IReadOnlyList<string>>(StringComparer.Ordinal) { [name] = permissions };

    [Theory]
    [InlineData("viewer", Permissions.ProjectRead, true)]
    [InlineData("viewer", Permissions.BuildRead, true)]
    [InlineData("viewer", Permissions.PipelineRun, false)]
    [InlineData("viewer", Permissions.SecretRead, false)]
    [InlineData("developer", Permissions.PipelineRun, true)]
    [InlineData("developer", Permissions.RepositoryWrite, true)]
    [InlineData("developer", Permissions.EnvironmentApprove, true)]
    [InlineData("developer", Permissions.SecretRead, true)]
    [InlineData("developer", Permissions.SecretManage, false)]
    [InlineData("developer", Permissions.EnvironmentManage, false)]
    [InlineData("maintainer", Permissions.SecretManage, true)]
    [InlineData("maintainer", Permissions.ProjectCreate, true)]
    [InlineData("maintainer", Permissions.MemberManage, false)]
    [InlineData("admin", Permissions.MemberManage, true)]
    [InlineData("admin", Permissions.SystemManage, true)]
    [InlineData("admin", "no:such", false)]
    [InlineData("none", Permissions.ProjectRead, false)]
    [InlineData("owner", Permissions.ProjectRead, false)]
    [InlineData("4", Permissions.ProjectRead, false)]
    public void Decide_BuiltInRoleInTheTenant_HasWhatTheTableSays(string role, string permission, bool allowed)
    {
        var decision = AccessRules.Decide(Somebody(new HeldRole(role, Tenant)), permission, Shop);
        Assert.Equal(allowed, decision.Allowed);
        Assert.Equal(allowed ? AccessObstacle.None : AccessObstacle.NoRole, decision.Obstacle);
    }

    [Fact]
    public void Decide_RoleInAPlace_HoldsThereAndBelowOnly()
    {
        var facts = Somebody(new HeldRole("developer", Acme, "acme/core"));
        Assert.Equal([new HeldRole("developer", Acme, "acme/core")], AccessRules.Decide(facts, Permissions.PipelineRun, Shop).Because);
        Assert.True(AccessRules.Allows(facts, Permissions.PipelineRun, Acme));
        Assert.False(AccessRules.Allows(facts, Permissions.PipelineRun, Tenant));
        Assert.False(AccessRules.Allows(facts, Permissions.PipelineRun, Other));
        Assert.False(AccessRules.Allows(facts, Permissions.PipelineRun, new("acme2", "shop")));
        Assert.Equal([Acme], AccessRules.Where(facts, Permissions.ProjectRead));
    }

    [Fact]
    public void Decide_CustomRole_HasItsPatterns()
    {
        var facts = Somebody(new HeldRole("deployer", Shop)) with { CustomRoles = Custom("deployer", "environment:*", Permissions.PipelineRun, "nonsense:*") };
        Assert.True(AccessRules.Allows(facts, Permissions.EnvironmentApprove, Shop));
        Assert.True(AccessRules.Allows(facts, Permissions.PipelineRun, Shop));
        Assert.False(AccessRules.Allows(facts, Permissions.RepositoryWrite, Shop));
        Assert.False(AccessRules.Allows(facts, "nonsense:anything", Shop));
        Assert.False(AccessRules.Allows(facts with { CustomRoles = Custom("x", "*") }, Permissions.EnvironmentApprove, Shop));
        // A custom role cannot take the place of a built-in one.
        Assert.False(AccessRules.Allows(Somebody(new HeldRole("viewer", Shop)) with { CustomRoles = Custom("viewer", "*") }, Permissions.PipelineRun, Shop));
    }

    [Fact]
    public void Decide_DisabledOrLimitedOrForeign_IsRefusedAndSaysWhy()
    {
        var admin = Somebody(new HeldRole("admin", Tenant));
        Assert.Equal(AccessObstacle.Disabled, AccessRules.Decide(admin with { Enabled = false }, Permissions.ProjectRead, Shop).Obstacle);
        Assert.Equal(AccessObstacle.OperatorOnly, AccessRules.Decide(admin with { Tenant = "acme" }, Permissions.SystemManage, Tenant).Obstacle);
        var key = admin with { Limit = new(["build:read", "artifact:*"], Acme) };
        Assert.True(AccessRules.Allows(key, Permissions.BuildRead, Shop));
        Assert.True(AccessRules.Allows(key, Permissions.ArtifactRead, Shop));
        Assert.Equal(AccessObstacle.KeyLimit, AccessRules.Decide(key, Permissions.PipelineRun, Shop).Obstacle);
        Assert.Equal(AccessObstacle.KeyLimit, AccessRules.Decide(key, Permissions.BuildRead, Other).Obstacle);
        Assert.Equal([Acme], AccessRules.Where(key, Permissions.BuildRead));
        Assert.Empty(AccessRules.Where(key, Permissions.PipelineRun));
    }

    [Fact]
    public void Decide_OwnAccount_IsEverybodysWhoIsEnabled()
    {
        Assert.True(AccessRules.Allows(Somebody(), Permissions.AccountManage, Tenant));
        Assert.False(AccessRules.Allows(Somebody() with { Enabled = false }, Permissions.AccountManage, Tenant));
        Assert.False(AccessRules.Allows(Somebody() with { Limit = new(["build:read"], Tenant) }, Permissions.AccountManage, Tenant));
        Assert.True(AccessRules.Allows(Somebody() with { Limit = new(["build:read"], Shop) }, Permissions.TokenExchange, Tenant));
    }

    [Fact]
    public void OfJob_ReadsItsProjectAndNothingElse()
    {
        var facts = AccessRules.OfJob(new(new(new("default", "acme", "shop"), 1), "build"));
        Assert.True(AccessRules.Allows(facts, Permissions.ArtifactRead, Shop));
        Assert.Equal([Shop], AccessRules.Where(facts, Permissions.ProjectRead));
        foreach (var permission in (string[])[Permissions.PipelineRun, Permissions.SecretRead, Permissions.AccountManage, Permissions.RepositoryWrite, Permissions.MetricsRead])
            Assert.False(AccessRules.AllowsAnywhere(facts, permission));
    }

    [Fact]
    public void MayGive_NobodyGivesWhatTheyDoNotHave()
    {
        var facts = Somebody(new HeldRole("admin", Acme)) with { CustomRoles = Custom("all", "*") };
        Assert.True(AccessRules.MayGive(facts, "admin", Shop));
        Assert.True(AccessRules.MayGive(facts, "all", Acme));
        Assert.False(AccessRules.MayGive(facts, "viewer", Tenant));
        Assert.False(AccessRules.MayGive(facts, "viewer", Other));
        Assert.False(AccessRules.MayGive(Somebody(new HeldRole("maintainer", Tenant)), "viewer", Shop));
        var membersOnly = Somebody(new HeldRole("people", Tenant)) with { CustomRoles = Custom("people", "member:*") };
        Assert.False(AccessRules.MayGive(membersOnly, "developer", Shop));
        Assert.True(AccessRules.MayGive(membersOnly, "people", Shop));
    }

    private static Gen<T> OneOf<T>(params T[] values) => Gen.Int[0, values.Length - 1].Select(at => values[at]);

    private static readonly Gen<AccessScope> Scopes = OneOf<AccessScope>(Tenant, Acme, Shop, Other, new("other"));
    private static readonly Gen<string> Roles = OneOf("viewer", "developer", "maintainer", "admin", "deployer", "none", "?");

    private static readonly Gen<AccessFacts> Anybody = Gen.Select(Gen.Select(Roles, Scopes, (role, scope) => new HeldRole(role, scope)).Array[0, 4], Gen.Bool, Gen.Bool, (roles, enabled, limited) =>
        Somebody(roles) with { Enabled = enabled, CustomRoles = Custom("deployer", "environment:*"), Limit = limited ? new(["*"], Acme) : null });

    private static readonly Gen<AccessLimit> Limits = Gen.Select(OneOf("*", "build:*", "build:read", "pipeline:run", "project:*").Array[1, 3], Scopes, (patterns, scope) => new AccessLimit(patterns, scope));

    [Fact]
    public void Within_AnyLimits_LeavesWhatBothLeave() => Gen.Select(Limits, Limits, OneOf([.. AccessRules.All]), Scopes).Sample((outer, asked, permission, place) =>
    {
        bool Allows(AccessLimit limit) => AccessRules.Allows(Somebody(new HeldRole("admin", Tenant)) with { Limit = limit }, permission, place);
        if (permission == Permissions.TokenExchange) return;
        Assert.Equal(Allows(outer) && Allows(asked), AccessRules.Within(outer, asked) is { } both && Allows(both));
        Assert.Equal(asked, AccessRules.Within(null, asked));
    });

    [Fact]
    public void Decide_AnyFacts_AWiderPlaceNeverAllowsWhatANarrowerOneForbids() => Gen.Select(Anybody, OneOf([.. AccessRules.All])).Sample((facts, permission) =>
    {
        foreach (var (wide, narrow) in new[] { (Tenant, Acme), (Acme, Shop), (Tenant, Other) })
            Assert.True(!AccessRules.Allows(facts, permission, wide) || AccessRules.Allows(facts, permission, narrow));
        Assert.False(!facts.Enabled && AccessRules.AllowsAnywhere(facts, permission));
        Assert.All(AccessRules.Where(facts, permission), place => Assert.True(AccessRules.Allows(facts, permission, place)));
        if (facts.Roles.Count == 0) Assert.Equal(facts.Enabled && (permission == Permissions.TokenExchange || (permission == Permissions.AccountManage && facts.Limit is null)), AccessRules.Allows(facts, permission, Tenant));
    });
}
