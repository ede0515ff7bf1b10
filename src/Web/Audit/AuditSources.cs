using System.Diagnostics;
using System.Net;
using System.Security.Claims;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using PRTS.Audit;
using PRTS.Storage.Access;
using PRTS.Storage.Users;
using PRTS.Web.Access;

namespace PRTS.Web.Audit;

/// <summary>Who makes a request and from where, as the audit log names it.</summary>
/// <example>
/// <c>await audit.Record(http.AuditSource().Allowed("variable:set", AuditTarget.In(org, project, "variable", name), before, after), http.RequestAborted);</c>
/// before the change; when it throws, the answer is 503 and the change is not made.
/// </example>
public static class AuditSources
{
    /// <summary>How the command line names itself. Anyone can: it says by which door, not who.</summary>
    private const string CommandLine = "prts-cli";

    /// <param name="http">The request.</param>
    /// <param name="claimed">The name that somebody gave who is not logged in.</param>
    public static AuditSource AuditSource(this HttpContext http, string? claimed = null)
    {
        var user = http.User.Identity?.IsAuthenticated == true ? http.User : null;
        var via = user?.Attempt() is not null || http.Request.Path.StartsWithSegments("/cluster", StringComparison.OrdinalIgnoreCase) ? AuditVia.Agent
            : http.Request.Path.StartsWithSegments("/git", StringComparison.OrdinalIgnoreCase) ? AuditVia.Git
            : user?.Identity?.AuthenticationType == AccessServices.CookieScheme || !http.Request.Path.StartsWithSegments("/api", StringComparison.OrdinalIgnoreCase) ? AuditVia.Web
            : http.Request.Headers.UserAgent.ToString().StartsWith(CommandLine, StringComparison.Ordinal) ? AuditVia.Cli
            : AuditVia.Api;
        return user is not null
            ? user.AuditSource(via, http.Connection.RemoteIpAddress)
            : new(http.RequestServices.GetRequiredService<WebOptions>().Tenant, new(AuditActorKind.Anonymous, "", claimed ?? ""), new(via, Text(http.Connection.RemoteIpAddress)), Trace);
    }

    /// <summary>Of somebody who tries to sign in: in the log of the tenant that they name, if there is one, else in the operator's.</summary>
    /// <param name="http">The request.</param>
    /// <param name="tenant">As it was named.</param>
    /// <param name="claimed">The name that somebody gave.</param>
    public static async Task<AuditSource> AuditSource(this HttpContext http, string tenant, string claimed)
    {
        var source = http.AuditSource(claimed);
        return tenant != source.Tenant && await http.RequestServices.GetRequiredService<DirectoryReadModel>().Tenant(tenant, http.RequestAborted) is not null ? source with { Tenant = tenant } : source;
    }

    /// <summary>Of somebody who has just shown who they are.</summary>
    public static AuditSource AuditSource(this HttpContext http, StoredUser user) =>
        http.AuditSource(user.Name) with { Tenant = user.Tenant, Actor = new(AuditActorKind.User, user.Id.ToString(), user.Name) };

    /// <summary>For live pages, which have no request of their own.</summary>
    public static AuditSource AuditSource(this ClaimsPrincipal user, AuditVia via, IPAddress? address) => new(
        user.Tenant(),
        (user.Attempt() ?? user.Job()?.Attempt) is { } attempt ? new(AuditActorKind.Job, attempt.Key, user.Actor()) : new(AuditActorKind.User, user.FindFirstValue(ClaimTypes.NameIdentifier) ?? "", user.Actor()),
        new(via, Text(address)),
        Trace);

    private static string? Trace => Activity.Current?.TraceId.ToString();

    private static string? Text(IPAddress? address) => (address is { IsIPv4MappedToIPv6: true } ? address.MapToIPv4() : address)?.ToString();
}
