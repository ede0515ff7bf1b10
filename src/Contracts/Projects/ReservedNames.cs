namespace PRTS.Contracts.Projects;

/// <summary>
/// Names that no organization can have, because addresses of PRTS itself begin with them: a page is at <c>/org/project</c>. A test
/// compares them with what the server routes; the rest is kept for pages that may come.
/// </summary>
public static class ReservedNames
{
    private static readonly HashSet<string> Names = new(StringComparer.Ordinal)
    {
        // What the server routes today.
        "account", "admin", "agents", "api", "cluster", "culture", "git", "healthz", "login", "logout", "metrics", "not-found",
        "openapi", "orleans", "problem", "schemas", "webhooks",
        // What it may route one day.
        "about", "alerts", "assets", "auth", "builds", "dashboard", "docs", "environments", "explore", "favicon.ico", "help", "hooks",
        "hosts", "ide", "install", "log", "logs", "monitoring", "new", "oauth", "orgs", "packages", "projects", "proxy", "register",
        "registry", "robots.txt", "saml", "schema", "scim", "search", "secrets", "settings", "signin", "signup", "static", "status",
        "support", "tenants", "tunnels", "users", "v1", "v2",
    };

    public static bool Contains(string organization) => Names.Contains(organization);

    /// <summary>What to tell who asked for it.</summary>
    public static string Refusal(string organization) =>
        $"'{organization}' cannot be the name of an organization, because addresses of PRTS itself begin with it. Choose another, for example '{organization}-team'.";
}
