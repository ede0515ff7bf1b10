using System.Security.Claims;
using PRTS.Api.Agents;
using PRTS.Audit;
using PRTS.Contracts.Access;
using PRTS.Contracts.Projects;
using PRTS.Pipelines.Planning;
using PRTS.Storage.Access;
using PRTS.Storage.Agents;
using PRTS.Web.Access;

namespace PRTS.Web.Agents;

/// <summary>Makes the tokens with which agents join, and the command to go with them, which a machine without PRTS can run.</summary>
public sealed class AgentTokens(AgentIdentities identities, DirectoryReadModel directory, WebOptions options, TimeProvider time)
{
    private const int MostLabels = 50;
    private const int LongestShown = 40;

    /// <summary>What the audit log says of a new one.</summary>
    public static AuditFields Fields(CreateAgentToken request)
    {
        var fields = new AuditFields { ["name"] = request.Name ?? "", ["labels"] = string.Join(' ', request.Labels), ["hours"] = request.ExpiresInHours ?? 24 };
        if (request.Tenant is { } tenant) fields["tenant"] = tenant;
        return fields;
    }

    /// <summary>As the audit log calls it: by the agent's name; <c>*</c> where the agent chooses its name.</summary>
    public static AuditTarget Target(CreateAgentToken request) => new("agent-token", request.Name ?? "*");

    /// <summary>
    /// Whether somebody who may manage agents may let one join for their own tenant: always the operator's; another's where the operator
    /// trusts tenants with it, because an agent is a member of the cluster of all.
    /// </summary>
    public bool AreForTenant(string tenant) => options.TenantAgents || tenant == ProjectId.DefaultTenant;

    /// <summary>What no job could ask for with <c>runs_on</c> is no label.</summary>
    private static string? LabelsProblem(IReadOnlyList<string> labels) =>
        labels.Count > MostLabels ? $"There are {labels.Count} labels; an agent gets at most {MostLabels}."
        : labels.FirstOrDefault(label => !PlannedJob.IsLabel(label)) is { } wrong ? $"'{(wrong.Length <= LongestShown ? wrong : wrong[..LongestShown] + "…")}' is not a label: a label is a word of at most 100 characters without spaces and commas."
        : null;

    /// <summary>Makes one. The caller has <see cref="Permissions.AgentManage"/>; for which tenants they may is decided here.</summary>
    public async Task<(AgentToken? Token, Refused? Refused)> Create(ClaimsPrincipal by, CreateAgentToken request, CancellationToken cancellationToken = default)
    {
        var tenant = request.Tenant ?? by.Tenant();
        if (tenant != by.Tenant())
        {
            if (!by.May(Permissions.TenantManage, AccessScope.Tenant))
                return (null, Refused.Forbidden("'tenant' names another tenant: only the operator of this installation lets agents join for others. Leave it out for your own."));
            if ((await directory.Tenants(cancellationToken)).FirstOrDefault(known => known.Name == tenant) is not { } known)
                return (null, Refused.Invalid($"There is no tenant '{tenant}'. GET /api/v1/tenants lists those that there are."));
            if (!known.Enabled) return (null, Refused.Invalid($"The tenant '{tenant}' is disabled, so nobody of it gets in, nor do its agents. Enable it first."));
        }
        else if (!AreForTenant(tenant))
        {
            return (null, Refused.Forbidden(
                $"Agents join a cluster that all tenants share and whose members trust one another, so its operator lets them in. Ask the operator of this installation for 'prts agent token --tenant {tenant}'. An operator who trusts tenants with it sets PRTS_TENANT_AGENTS=1."));
        }

        if (LabelsProblem(request.Labels) is { } wrong) return (null, Refused.Invalid(wrong));
        var secret = Credentials.Create(Credentials.AgentTokenPrefix);
        var expires = time.GetUtcNow() + (request.ExpiresInHours is { } hours ? TimeSpan.FromHours(hours) : options.AgentTokenLifetime);
        await identities.CreateToken(Credentials.Sha256(secret), new() { Tenant = tenant, Name = request.Name, Labels = request.Labels, ExpiresAt = expires }, cancellationToken);
        var name = request.Name is { } given ? $" -s -- --name {given}" : "";
        // That machine trusts our own authority only once it has run the script: until then it knows us by our key.
        var trust = options.Gateway.KeyPin() is { } pin ? $"k --pinnedpubkey '{pin}' -" : "";
        var made = new AgentToken
        {
            Token = secret,
            ExpiresAt = expires,
            Command = $"curl -fsS{trust}H 'Authorization: Bearer {secret}' {options.PublicUrl}/cluster/agent/install.sh | sh{name}",
            ThisMachineOnly = new Uri(options.PublicUrl).IsLoopback,
        };
        return (made, null);
    }
}
