using System.Buffers;
using System.Security.Claims;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;
using PRTS.Audit;
using PRTS.Audit.Checkpoints;
using PRTS.Audit.Export;
using PRTS.Contracts.Access;
using PRTS.Storage.Audit;
using PRTS.Web.Access;
using PRTS.Web.Rest;

namespace PRTS.Web.Audit;

/// <summary>The audit log of the caller's tenant: search, exports, and what proves them.</summary>
public static class AuditEndpoints
{
    /// <summary>Of an export: what is known to be wrong with the log.</summary>
    public const string DamageHeader = "Prts-Audit-Damage";

    private const string Filters =
        "`actor`: a name. `action`: how it begins (`variable`, `variable:set`). `target`: how `kind:name` begins. `project`: `org/project`, or `org`. "
        + "`outcome`: `allowed`, `denied` or `failed`. `from`, `to`: times, the first included. `text`: words that all begin a word of the entry.";

    public static void MapAudit(this RouteGroupBuilder api)
    {
        var audit = api.MapGroup("/audit").WithTags("Audit");
        audit.RequirePermission(Permissions.AuditRead);
        audit.MapGet("", List).WithSummary("Entries of the audit log, the newest first")
            .WithDescription($"{Filters} `take`: 1 to {Paging.Most}. `before`: the `next` of the part before; there is none at the end.");
        audit.MapGet("/export", Export).WithSummary("The audit log as a file, the oldest entry first")
            .WithDescription($"`format`: `json` (a line an entry; a whole export ends with a checkpoint, and can be proven by `prts audit verify`), `csv` or `syslog`. {Filters}")
            .Produces(200, contentType: "application/jsonl");
        audit.MapGet("/checkpoint", Now).WithSummary("A signed checkpoint of the log as it is")
            .WithDescription("Keep it where who can change the database cannot: it proves later exports.").Produces<string>(200, "text/plain");
        audit.MapGet("/key", Key).WithSummary("The public key that checkpoints are signed with").WithDescription("PEM.").Produces<string>(200, "application/x-pem-file");
    }

    private static async Task<Results<Ok<AuditPage>, ProblemHttpResult>> List(
        [AsParameters] AuditQuery query, long? before, int? take, ClaimsPrincipal user, AuditEntries entries, CancellationToken cancellationToken)
    {
        if ((query.Problem ?? new Paging(null, take).Problem) is { } problem) return problem;
        return TypedResults.Ok(await entries.Find(user.Tenant(), query.Filter, before, take ?? 50, cancellationToken));
    }

    private static async Task<IResult> Export(
        [AsParameters] AuditQuery query, string? format, HttpContext http, AuditEntries entries, AuditCheckpoints checkpoints, WebOptions options, CancellationToken cancellationToken)
    {
        if (query.Problem is { } problem) return problem;
        if ((format ?? "json") is not ("json" or "csv" or "syslog")) return Problems.Invalid($"'format' is '{format}'; it must be json, csv or syslog.");
        var tenant = http.User.Tenant();
        var closing = await Closing(http, tenant, checkpoints, cancellationToken);
        var size = closing?.Size ?? await entries.Size(tenant, cancellationToken);
        var (type, extension, header) = format switch
        {
            "csv" => ("text/csv; charset=utf-8", "csv", AuditCsv.Header),
            "syslog" => ("text/plain; charset=utf-8", "log", ""),
            _ => ("application/jsonl", "jsonl", ""),
        };
        http.Response.ContentType = type;
        http.Response.Headers.CacheControl = "no-store";
        http.Response.Headers.ContentDisposition = $"attachment; filename=\"audit-{tenant}-{size}.{extension}\"";
        var host = new Uri(options.PublicUrl).Host;
        var output = http.Response.BodyWriter;
        output.Write(Encoding.UTF8.GetBytes(header));
        await foreach (var entry in entries.Stream(tenant, query.Filter, size, cancellationToken: cancellationToken))
        {
            output.Write(format switch
            {
                "csv" => Encoding.UTF8.GetBytes(AuditCsv.Row(entry.Entry, entry.Hash)),
                "syslog" => Encoding.UTF8.GetBytes(AuditSyslog.Message(entry.Entry, host)),
                _ => [.. AuditLine.Of(entry.Canonical, entry.Hash), (byte)'\n'],
            });
            if (output.UnflushedBytes > 64 << 10) await output.FlushAsync(cancellationToken);
        }

        if (closing is not null && (format ?? "json") == "json" && query.Filter.IsEmpty) output.Write([.. AuditLine.Of(closing), (byte)'\n']);
        await output.FlushAsync(cancellationToken);
        return Results.Empty;
    }

    /// <summary>A log that was changed in the database is exported without its end, so that verifying it tells what was changed; a header says so before.</summary>
    private static async Task<Checkpoint?> Closing(HttpContext http, string tenant, AuditCheckpoints checkpoints, CancellationToken cancellationToken)
    {
        try
        {
            return await checkpoints.Now(tenant, cancellationToken);
        }
        catch (AuditDamagedException damage)
        {
            http.Response.Headers[DamageHeader] = damage.Message;
            return null;
        }
    }

    private static async Task<IResult> Now(ClaimsPrincipal user, AuditCheckpoints checkpoints, CancellationToken cancellationToken)
    {
        try
        {
            return Results.Text((await checkpoints.Now(user.Tenant(), cancellationToken)).Text, "text/plain", Encoding.UTF8);
        }
        catch (AuditDamagedException damage)
        {
            return Problems.Of(StatusCodes.Status500InternalServerError, "audit-damaged", damage.Message);
        }
    }

    private static async Task<IResult> Key(IAuditKey key, CancellationToken cancellationToken) => Results.Text((await key.Public(cancellationToken)).ToPem(), "application/x-pem-file");
}
