using PRTS.Api.Secrets;
using PRTS.Audit;
using PRTS.Storage.Secrets;
using PRTS.Web.Audit;

namespace PRTS.Web.Secrets;

/// <summary>How the audit log writes connections to Vaults, for the API and for pages: that a credential was set, never which.</summary>
internal static class VaultAudit
{
    public static AuditTarget Target(SecretScope scope, string name) => new("vault", name, Name: null, scope.Org.Length > 0 ? scope.Org : null, scope.Project.Length > 0 ? scope.Project : null);

    public static AuditFields Fields(SetVaultConnection request) => Fields(request.Named(""));

    public static async Task<AuditFields?> Before(VaultConnections vaults, SecretScope scope, string name) => await vaults.Get(scope, name) is { } known ? Fields(known) : null;

    public static FormerState BeforeRequest { get; } = request => Before(request.Get<VaultConnections>(), SecretAudit.Scope(request.HttpContext), request.Route("vault"));

    private static AuditFields Fields(VaultConnection connection) => new()
    {
        ["address"] = connection.Address,
        ["namespace"] = connection.Namespace ?? "",
        ["authorities"] = connection.CaCertificates ?? "",
        ["roleId"] = connection.RoleId ?? "",
        ["appRoleMount"] = connection.RoleId is null ? "" : connection.AppRoleMount,
        ["credential"] = AuditValue.Secret,
    };
}
