using PRTS.Api.Agents;
using PRTS.Audit;
using PRTS.Storage.Agents;
using PRTS.Web.Access;

namespace PRTS.Web.Agents;

/// <summary>Makes the tokens with which agents join, and the command to go with them, which a machine without PRTS can run.</summary>
public sealed class AgentTokens(AgentIdentities identities, WebOptions options, TimeProvider time)
{
    /// <summary>What the audit log says of a new one.</summary>
    public static AuditFields Fields(CreateAgentToken request) => new() { ["name"] = request.Name ?? "", ["labels"] = string.Join(' ', request.Labels), ["hours"] = request.ExpiresInHours ?? 24 };

    /// <summary>As the audit log calls it: by the agent's name; <c>*</c> where the agent chooses its name.</summary>
    public static AuditTarget Target(CreateAgentToken request) => new("agent-token", request.Name ?? "*");

    public async Task<AgentToken> Create(string tenant, CreateAgentToken request, CancellationToken cancellationToken = default)
    {
        var secret = Credentials.Create(Credentials.AgentTokenPrefix);
        var expires = time.GetUtcNow() + (request.ExpiresInHours is { } hours ? TimeSpan.FromHours(hours) : options.AgentTokenLifetime);
        await identities.CreateToken(Credentials.Sha256(secret), new() { Tenant = tenant, Name = request.Name, Labels = request.Labels, ExpiresAt = expires }, cancellationToken);
        var name = request.Name is { } given ? $" -s -- --name {given}" : "";
        // That machine trusts our own authority only once it has run the script: until then it knows us by our key.
        var trust = options.Gateway.KeyPin() is { } pin ? $"k --pinnedpubkey '{pin}' -" : "";
        return new AgentToken
        {
            Token = secret,
            ExpiresAt = expires,
            Command = $"curl -fsS{trust}H 'Authorization: Bearer {secret}' {options.PublicUrl}/cluster/agent/install.sh | sh{name}",
            ThisMachineOnly = new Uri(options.PublicUrl).IsLoopback,
        };
    }
}
