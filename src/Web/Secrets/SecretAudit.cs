using System.Globalization;
using Microsoft.AspNetCore.Http;
using PRTS.Api.Secrets;
using PRTS.Audit;
using PRTS.Contracts.Projects;
using PRTS.Storage.Secrets;
using PRTS.Web.Access;
using PRTS.Web.Audit;
using PRTS.Web.Rest;

namespace PRTS.Web.Secrets;

/// <summary>How the audit log writes secrets, for the API and for pages: that a value was set, never which.</summary>
internal static class SecretAudit
{
    public static AuditTarget Target(SecretScope scope, string name) =>
        new("secret", scope.Environment.Length > 0 ? $"{scope.Environment}/{name}" : name, Name: null, Given(scope.Org), Given(scope.Project));

    public static AuditFields Fields(SetSecret request) => Fields(request.Description, request.Limits, request.Vault, request.Value is not null);

    public static async Task<AuditFields?> Before(SecretsStore store, SecretScope scope, string name) =>
        await store.Get(scope, name) is { } known ? Fields(known.Description, known.Limits, known.Vault, known.Vault is null) : null;

    public static FormerState BeforeRequest { get; } = request => Before(request.Get<SecretsStore>(), Scope(request.HttpContext), request.Route("secret"));

    /// <summary>Where the address says, in the caller's tenant.</summary>
    public static SecretScope Scope(HttpContext http) => Scope(http.User.Tenant(), http.Request.RouteValues["org"] as string, http.Request.RouteValues["project"] as string, http.Request.RouteValues["environment"] as string);

    /// <param name="tenant">The reader's.</param>
    /// <param name="org">Null: the whole tenant.</param>
    /// <param name="project">Null: the whole organization.</param>
    /// <param name="environment">Null: the whole project.</param>
    public static SecretScope Scope(string tenant, string? org, string? project, string? environment) => (org, project, environment) switch
    {
        (not null, not null, not null) => SecretScope.Of(new ProjectId(tenant, org, project), environment),
        (not null, not null, _) => SecretScope.Of(new ProjectId(tenant, org, project)),
        (not null, _, _) => SecretScope.Of(tenant, org),
        _ => SecretScope.Of(tenant),
    };

    /// <summary>Where a value is read from, for people.</summary>
    public static string Words(VaultReference vault) =>
        $"{vault.Connection}: {vault.Mount}/{vault.Path}#{vault.Field}{(vault.Version is { } version ? string.Create(CultureInfo.InvariantCulture, $" version {version}") : "")}";

    private static AuditFields Fields(string description, SecretLimits limits, VaultReference? vault, bool hasValue)
    {
        var fields = new AuditFields
        {
            ["description"] = description,
            ["branches"] = string.Join(' ', limits.Branches),
            ["tags"] = string.Join(' ', limits.Tags),
            ["environments"] = string.Join(' ', limits.Environments),
            ["allowOutside"] = limits.AllowOutside,
        };
        if (hasValue) fields["value"] = AuditValue.Secret;
        if (vault is not null) fields["vault"] = Words(vault);
        return fields;
    }

    private static string? Given(string text) => text.Length > 0 ? text : null;
}
