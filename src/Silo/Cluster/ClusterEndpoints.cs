using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Http.HttpResults;
using Orleans.Serialization;
using PRTS.Audit;
using PRTS.Contracts.Cluster;
using PRTS.Contracts.Projects;
using PRTS.Storage.Agents;
using PRTS.Storage.Audit;
using PRTS.Web.Audit;
using PRTS.Web.Gateway;
using PRTS.Web.Rest;

namespace PRTS.Silo.Cluster;

/// <summary>
/// How agents join, and how they see the cluster's membership without database credentials: the eight methods of
/// <see cref="IMembershipTable"/> over HTTP, in Orleans' own serialization. An agent writes its own rows only.
/// </summary>
public static class ClusterEndpoints
{
    private const string JoinAction = "agent:join";
    private const string ConnectAction = "agent:connect";
    private const string BadTokenReason = "The token is wrong, was used already, or has expired, or its tenant is disabled.";
    private const long MaximumBody = 1 << 20;

    public static void MapCluster(this IEndpointRouteBuilder app)
    {
        var cluster = app.MapGroup("/cluster").RateAs(RateClass.Agent).AllowAnonymous().ExcludeFromDescription();
        cluster.MapPost("/join", Join);
        cluster.MapAgentProgram();
        var membership = cluster.MapGroup("/membership");
        membership.AddEndpointFilter(RequireAgent);
        membership.MapGet("/", async (IMembershipTable table, Serializer serializer, CancellationToken cancel) => Bytes(serializer, await table.ReadAllAsync(cancel)));
        membership.MapGet("/{silo}", async (string silo, IMembershipTable table, Serializer serializer, CancellationToken cancel) =>
            MembershipRequests.Address(silo) is { } address ? Bytes(serializer, await table.ReadRowAsync(address, cancel)) : Problems.Of(400, "invalid", "That is no address of a silo."));
        membership.MapPost("/insert", (HttpContext http, IMembershipTable table, Serializer serializer) =>
            Write(http, table, serializer, change => table.InsertRowAsync(change.Entry, change.Version!, http.RequestAborted)));
        membership.MapPost("/update", (HttpContext http, IMembershipTable table, Serializer serializer) =>
            Write(http, table, serializer, change => table.UpdateRowAsync(change.Entry, change.ETag!, change.Version!, http.RequestAborted)));
        membership.MapPost("/alive", (HttpContext http, IMembershipTable table, Serializer serializer) =>
            Write(
                http,
                table,
                serializer,
                async change =>
                {
                    await table.UpdateIAmAliveAsync(change.Entry, http.RequestAborted);
                    return true;
                },
                namesItself: false));
    }

    private static async Task<Results<Ok<JoinAnswer>, ProblemHttpResult>> Join(
        JoinRequest request, HttpContext http, AgentIdentities identities, AgentNames names, ClusterAuthority authority, RefusedAgents refused, AuditLog audit, TimeProvider time, CancellationToken cancellationToken)
    {
        if (!ProjectId.IsValidName(request.Name))
            return Problems.Of(400, "invalid", $"'{request.Name}' can't be an agent's name: use 1–64 of a-z, 0-9, '.', '_' and '-', beginning with a letter or digit.");
        var hash = SHA256.HashData(Encoding.UTF8.GetBytes(Bearer(http)));
        var target = new AuditTarget("agent", request.Name);
        if (await identities.FindToken(hash, cancellationToken) is not { } open)
        {
            await refused.Record(http, http.AuditSource(request.Name).Denied(JoinAction, target, BadTokenReason));
            return BadToken();
        }

        if (await names.Choose(open, request, cancellationToken) is not { } name)
            return Problems.Of(409, "conflict", $"An agent named '{request.Name}' runs already: choose another name (--name), or stop that one.");
        var source = http.AuditSource(request.Name) with { Tenant = open.Tenant };
        await audit.Record(source.Allowed(JoinAction, target = target with { Id = name }, after: new() { ["labels"] = AuditValue.List(open.Labels) }), cancellationToken);
        var credential = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(32));
        JoinAnswer? answer = null;
        AgentIdentity? identity;
        try
        {
            identity = await identities.Join(hash, name, Issue, cancellationToken);
        }
        catch (CryptographicException)
        {
            await audit.Record(source.Failed(JoinAction, target, "The certificate request is not a valid PKCS#10 request."), CancellationToken.None);
            return Problems.Of(400, "invalid", "The certificate request is not a valid PKCS#10 request in PEM.");
        }

        if (identity is not null) return TypedResults.Ok(answer);
        await audit.Record(source.Failed(JoinAction, target, "Another agent has used the token meanwhile."), CancellationToken.None);
        return BadToken();

        AgentIdentity Issue(JoinToken allowed)
        {
            using var certificate = authority.IssueAgent(request.CertificateRequest, allowed.Tenant, name);
            answer = new JoinAnswer
            {
                Tenant = allowed.Tenant,
                Name = name,
                Labels = allowed.Labels,
                Credential = credential,
                Certificate = certificate.ExportCertificatePem(),
                Authority = authority.Certificate.ExportCertificatePem(),
                ClusterId = ClusterNames.ClusterId,
                ServiceId = ClusterNames.ServiceId,
            };
            return new AgentIdentity
            {
                Tenant = allowed.Tenant,
                Name = name,
                CredentialHash = SHA256.HashData(Encoding.UTF8.GetBytes(credential)),
                Thumbprint = certificate.Thumbprint,
                CreatedAt = time.GetUtcNow(),
            };
        }
    }

    /// <summary>Admits an agent by name (<c>Prts-Agent: tenant/name</c>) and credential, and notes whose silo name it may write.</summary>
    private static async ValueTask<object?> RequireAgent(EndpointFilterInvocationContext context, EndpointFilterDelegate next)
    {
        var http = context.HttpContext;
        var hash = SHA256.HashData(Encoding.UTF8.GetBytes(Bearer(http)));
        var (tenant, name) = http.Request.Headers["Prts-Agent"].ToString().Split('/') is [var first, var second] ? (first, second) : ("", "");
        if (!await http.RequestServices.GetRequiredService<AgentIdentities>().Verify(tenant, name, hash, http.RequestAborted))
        {
            var source = await http.AuditSource(tenant, name);
            await http.RequestServices.GetRequiredService<RefusedAgents>().Record(http, source.Denied(ConnectAction, new("agent", name), "There is no such agent, it was removed, its credential is another, or its tenant is disabled."));
            return Problems.Of(401, "unauthenticated", "This agent is not known here, was removed, or its tenant is disabled: join again with a token from 'prts agent token'.");
        }

        http.Items["agent"] = (tenant, name);
        return await next(context);
    }

    /// <param name="namesItself">A sign of life carries the silo's address alone, and is for a row that is there.</param>
    private static async Task<IResult> Write(
        HttpContext http, IMembershipTable table, Serializer serializer, Func<MembershipChange, Task<bool>> write, bool namesItself = true)
    {
        if (http.Request.ContentLength is not (> 0 and <= MaximumBody))
            return Problems.Of(413, "too-large", "A membership change has a length of at most 1 MiB.");
        using var body = new MemoryStream();
        await http.Request.Body.CopyToAsync(body, http.RequestAborted);
        if (MembershipRequests.Change(serializer, body.ToArray()) is not { } change)
            return Problems.Of(400, "invalid", "A membership change names a row.");
        var (tenant, name) = ((string, string))http.Items["agent"]!;
        var own = ClusterNames.AgentSilo(tenant, name);
        var present = (await table.ReadRowAsync(change.Entry.SiloAddress, http.RequestAborted)).TryGet(change.Entry.SiloAddress);
        if (namesItself ? change.Entry.SiloName != own || (present is not null && present.Item1.SiloName != own) : present?.Item1.SiloName != own)
            return await ForeignRow(http, tenant, name, present?.Item1.SiloName ?? change.Entry.SiloName);
        return Bytes(serializer, await write(change));
    }

    private static async Task<IResult> ForeignRow(HttpContext http, string tenant, string name, string row)
    {
        var why = $"{ClusterNames.AgentSilo(tenant, name)} may write its own membership row only, not that of {row}.";
        var source = http.AuditSource(name) with { Tenant = tenant, Actor = new(AuditActorKind.Agent, $"{tenant}/{name}", name) };
        await http.RequestServices.GetRequiredService<RefusedAgents>().Record(http, source.Denied(ConnectAction, new("agent", row), why));
        return Problems.Of(403, "forbidden", why);
    }

    private static IResult Bytes<T>(Serializer serializer, T value) => TypedResults.Bytes(serializer.SerializeToArray(value), "application/octet-stream");

    /// <summary>Whether the request has a token that an agent could join with; what has none is recorded.</summary>
    internal static async Task<bool> MayFetch(HttpContext http)
    {
        var hash = SHA256.HashData(Encoding.UTF8.GetBytes(Bearer(http)));
        if (await http.RequestServices.GetRequiredService<AgentIdentities>().FindToken(hash, http.RequestAborted) is not null) return true;
        await http.RequestServices.GetRequiredService<RefusedAgents>().Record(http, http.AuditSource().Denied("agent:fetch", new("agent", "*"), BadTokenReason));
        return false;
    }

    internal static ProblemHttpResult BadToken() =>
        Problems.Of(401, "unauthenticated", "This join token is unknown, used or expired, or its tenant is disabled: make a new one with 'prts agent token'.");

    internal static string Bearer(HttpContext http) =>
        AuthenticationHeaderValue.TryParse(http.Request.Headers.Authorization, out var header) && header is { Scheme: "Bearer", Parameter: { } token } ? token : "";
}
