using System.Net;
using Microsoft.AspNetCore.Components.Authorization;
using Microsoft.AspNetCore.Http;
using PRTS.Audit;
using PRTS.Storage.Audit;
using PRTS.Web.Access;

namespace PRTS.Web.Audit;

/// <summary>Records what an open page changes, before it does: pages change things without requests. One for each open page.</summary>
public sealed class PageAudit(AuditLog log, AuthenticationStateProvider authentication, IHttpContextAccessor accessor)
{
    /// <summary>Of the connection that the page lives by, where it is known.</summary>
    private readonly IPAddress? address = accessor.HttpContext?.Connection.RemoteIpAddress;

    /// <exception cref="AuditUnavailableException">It could not be written: the change must not be made.</exception>
    /// <param name="action"><c>noun:verb</c>, as the endpoint that does the same names it.</param>
    /// <param name="target">To what it is done.</param>
    /// <param name="after">What is to hold afterwards; secrets never.</param>
    /// <param name="before">What holds before; null where there is nothing yet.</param>
    public async Task Allowed(string action, AuditTarget target, AuditFields? after = null, AuditFields? before = null) => await log.Record((await Source()).Allowed(action, target, before, after));

    /// <summary>Something that was recorded could not be done; null: it could.</summary>
    public async Task Failed(string action, AuditTarget target, string? problem)
    {
        if (problem is not null) await log.Record((await Source()).Failed(action, target, problem));
    }

    /// <summary>What became of something that was recorded.</summary>
    /// <param name="refused">Null: it is done.</param>
    /// <returns>For whoever asked for it; null: it is done.</returns>
    public async Task<string?> Outcome(string action, AuditTarget target, Refused? refused)
    {
        if (refused is { Why: Refusal.Forbidden }) await log.Record((await Source()).Denied(action, target, refused.Text));
        else await Failed(action, target, refused?.Text);
        return refused?.Text;
    }

    public async Task Denied(string action, AuditTarget target) => await log.Record((await Source()).Denied(action, target, $"There is no permission for it: {action}."));

    private async Task<AuditSource> Source() => (await authentication.GetAuthenticationStateAsync()).User.AuditSource(AuditVia.Web, address);
}
