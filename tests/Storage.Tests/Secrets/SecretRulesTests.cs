using PRTS.Api.Secrets;
using PRTS.Contracts.Projects;
using PRTS.Storage.Secrets;

namespace PRTS.Storage.Tests.Secrets;

public sealed class SecretRulesTests
{
    private static readonly ProjectId Web = new("t", "acme", "web");

    /// <summary>Limits as branches;tags;environments;outside. Use as event;branch;tag;environment;outside.</summary>
    [Theory]
    [InlineData(";;;", "push;main;;;", null)]
    [InlineData(";;;", "tag;;v1;;", null)]
    [InlineData(";;;", "pull_request;fix;;;outside", SecretRefusalReason.Outside)]
    [InlineData(";;;", "pull_request;fix;;;", null)]
    [InlineData(";;;", "push;fix;;;outside", null)]
    [InlineData(";;;outside", "pull_request;fix;;;outside", null)]
    [InlineData("main;;;outside", "pull_request;main;;;outside", SecretRefusalReason.Branch)]
    [InlineData("main;;;", "pull_request;main;;;", null)]
    [InlineData("main;;;", "push;main;;;", null)]
    [InlineData("main;;;", "push;Main;;;", SecretRefusalReason.Branch)]
    [InlineData("main;;;", "push;feature/main;;;", SecretRefusalReason.Branch)]
    [InlineData("main;;;", "tag;;main;;", SecretRefusalReason.Tag)]
    [InlineData("main;;;", "manual;;;;", SecretRefusalReason.Branch)]
    [InlineData("main,release/**;;;", "push;release/1/x;;;", null)]
    [InlineData("release/*;;;", "push;release/1/x;;;", SecretRefusalReason.Branch)]
    [InlineData("release/**,!release/old;;;", "push;release/old;;;", SecretRefusalReason.Branch)]
    [InlineData(";v*;;", "tag;;v1;;", null)]
    [InlineData(";v*;;", "tag;;x1;;", SecretRefusalReason.Tag)]
    [InlineData(";v*;;", "push;v1;;;", SecretRefusalReason.Branch)]
    [InlineData("main;v*;;", "tag;;v1;;", null)]
    [InlineData(";;production;", "push;main;;production;", null)]
    [InlineData(";;production;", "push;main;;staging;", SecretRefusalReason.Environment)]
    [InlineData(";;production;", "push;main;;;", SecretRefusalReason.Environment)]
    [InlineData(";;production,staging;", "push;main;;staging;", null)]
    [InlineData("main;;production;", "push;fix;;production;", SecretRefusalReason.Branch)]
    public void Refusal_LimitsAndUse_AsTheTableSays(string limits, string use, SecretRefusalReason? expected)
    {
        var secret = new SecretSummary { Name = "TOKEN", Limits = Limits(limits) };
        Assert.Equal(expected, SecretRules.Refusal(secret, Use(use))?.Reason);
    }

    /// <summary>Scopes that have the secret, and whose the job gets: t tenant, o organization, p project, e its environment production.</summary>
    [Theory]
    [InlineData("t", null, "t")]
    [InlineData("to", null, "o")]
    [InlineData("top", null, "p")]
    [InlineData("tope", null, "p")]
    [InlineData("tope", "production", "e")]
    [InlineData("tope", "staging", "p")]
    [InlineData("te", "production", "e")]
    [InlineData("e", "staging", null)]
    [InlineData("e", null, null)]
    [InlineData("", "production", null)]
    public void Choose_SeveralScopes_TheNarrowestThatReachesTheJob(string scopes, string? environment, string? expected)
    {
        var all = scopes.Select(scope => Of(scope));
        var decision = Assert.Single(SecretRules.Choose(all, Use("push;main;;;") with { Environment = environment }, ["TOKEN", "TOKEN"]));
        Assert.Equal(expected, decision.Secret?.Description);
        Assert.Equal(expected is null ? SecretRefusalReason.NotThere : null, decision.Refusal?.Reason);
    }

    [Fact]
    public void Choose_NarrowestRefuses_AWiderOneDoesNotStepIn()
    {
        SecretSummary[] all = [Of('o'), Of('p') with { Limits = new() { Branches = ["main"] } }];
        Assert.Equal(SecretRefusalReason.Branch, Assert.Single(SecretRules.Choose(all, Use("push;fix;;;"), ["TOKEN"])).Refusal?.Reason);
    }

    [Fact]
    public void Choose_OthersOfTheTenant_AreLeftAside()
    {
        SecretSummary[] all = [Of('p') with { Project = "other" }, Of('o') with { Org = "other" }];
        Assert.Equal(SecretRefusalReason.NotThere, Assert.Single(SecretRules.Choose(all, Use("push;main;;;"), ["TOKEN"])).Refusal?.Reason);
    }

    [Fact]
    public void Use_NothingSaidAboutOutside_IsFromOutside() =>
        Assert.Equal(SecretRefusalReason.Outside, SecretRules.Refusal(Of('p'), new() { Project = Web, Event = "pull_request", Branch = "main" })?.Reason);

    [Theory]
    [InlineData("TOKEN", true)]
    [InlineData("_t0", true)]
    [InlineData("0T", false)]
    [InlineData("A-B", false)]
    [InlineData("", false)]
    [InlineData("É", false)]
    [InlineData("PRTS_X", false)]
    [InlineData("CI", false)]
    [InlineData("PRTSX", true)]
    public void NameProblem_Names_AreThoseOfVariables(string name, bool valid) => Assert.Equal(valid, SecretRules.NameProblem(name) is null);

    [Fact]
    public void Problem_WrongSecrets_AreToldWithoutTheValue()
    {
        var scope = SecretScope.Of(Web);
        SetSecret[] wrong =
        [
            new() { Value = SecretText.Of("") },
            new() { Value = SecretText.Of("s3c") },
            new() { Value = SecretText.Of("s3cret\0") },
            new() { Value = SecretText.Of(new string('s', SetSecret.LongestValue + 1)) },
            new() { Value = SecretText.Of("s3cret"), Vault = new() { Connection = "c", Path = "p", Field = "f" } },
            new() { Vault = new() { Connection = "c", Path = "a/../b", Field = "f" } },
            new() { Vault = new() { Connection = "c", Path = "a", Field = "f", Version = 0 } },
            new() { Value = SecretText.Of("s3cret"), Limits = new() { Branches = ["[a"] } },
            new() { Value = SecretText.Of("s3cret"), Limits = new() { Environments = ["a/b"] } },
            new() { Value = SecretText.Of("s3cret"), Description = new string('d', 1001) },
        ];
        Assert.All(wrong, secret =>
        {
            var problem = SecretRules.Problem(scope, "TOKEN", secret);
            Assert.NotNull(problem);
            Assert.DoesNotContain("s3cret", problem, StringComparison.Ordinal);
        });
        Assert.NotNull(SecretRules.Problem(SecretScope.Of(Web, "production"), "TOKEN", new() { Value = SecretText.Of("s3cret"), Limits = new() { Environments = ["production"] } }));
        Assert.NotNull(SecretRules.Problem(SecretScope.Of(Web, "a/b"), "TOKEN", new() { Value = SecretText.Of("s3cret") }));
        Assert.Null(SecretRules.Problem(scope, "TOKEN", new() { Value = SecretText.Of(new string('s', SetSecret.LongestValue)), Limits = new() { Branches = ["main", "release/**"] } }));
    }

    [Theory]
    [InlineData("abc", true)]
    [InlineData("abcd", false)]
    [InlineData("é€", false)]
    [InlineData("é", true)]
    [InlineData("a\nb\r\nc\n", true)]
    [InlineData("a\nb\r\nc\nd", false)]
    [InlineData("  abc \t", true)]
    [InlineData("a bc", false)]
    [InlineData("      ", true)]
    public void Problem_Value_IsTooShortWhereItCannotBeMasked(string value, bool isTooShort)
    {
        var problem = SecretRules.Problem(SecretScope.Of(Web), "TOKEN", new() { Value = SecretText.Of(value) });
        Assert.Equal(isTooShort, problem?.Contains("cannot be masked in logs", StringComparison.Ordinal) == true);
    }

    private static SecretSummary Of(char scope) => new()
    {
        Name = "TOKEN",
        Description = scope.ToString(),
        Org = scope == 't' ? null : "acme",
        Project = scope is 'p' or 'e' ? "web" : null,
        Environment = scope == 'e' ? "production" : null,
    };

    private static SecretLimits Limits(string text)
    {
        var parts = text.Split(';').Select(part => part.Split(',', StringSplitOptions.RemoveEmptyEntries)).ToArray();
        return new() { Branches = parts[0], Tags = parts[1], Environments = parts[2], AllowOutside = parts[3] is ["outside"] };
    }

    private static SecretUse Use(string text)
    {
        var parts = text.Split(';').Select(part => part.Length > 0 ? part : null).ToArray();
        return new() { Project = Web, Event = parts[0]!, Branch = parts[1], Tag = parts[2], Environment = parts[3], IsFromOutside = parts[4] == "outside" };
    }
}
