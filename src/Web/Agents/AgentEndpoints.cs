using System.Security.Claims;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;
using PRTS.Api.Agents;
using PRTS.Audit;
using PRTS.Contracts;
using PRTS.Contracts.Access;
using PRTS.Contracts.Projects;
using PRTS.Storage.Agents;
using PRTS.Web.Access;
using PRTS.Web.Audit;
using PRTS.Web.Rest;

namespace PRTS.Web.Agents;

public static class AgentEndpoints
{
    public static void MapAgents(this RouteGroupBuilder api)
    {
        var agents = api.MapGroup("/agents").WithTags("Agents");
        agents.MapGet("", List).RequirePermission(Permissions.AgentRead).WithSummary("Agents by name");
        agents.MapGet("/{name}", Show).RequirePermission(Permissions.AgentRead).WithSummary("Show an agent");
        agents.MapPost("/{name}/drain", Drain).Audit("agent:drain", Before).RequirePermission(Permissions.AgentManage)
            .WithSummary("Give an agent no new jobs").WithDescription("It finishes what it runs.");
        agents.MapPost("/{name}/resume", Resume).Audit("agent:resume", Before).RequirePermission(Permissions.AgentManage).WithSummary("End a drain");
        agents.MapPost("/tokens", CreateToken).Audit<CreateAgentToken>("agent-token:create", AgentTokens.Fields, target: (request, _) => AgentTokens.Target(request)).RequirePermission(Permissions.AgentManage)
            .WithSummary("Make a token that lets one agent join").WithDescription("Shown once, with the one command that uses it. Agents are members of the cluster of all tenants: for a tenant other than the operator's, the operator makes it (`tenant`).");
    }

    private static async Task<Ok<IReadOnlyList<AgentSummary>>> List(ClaimsPrincipal user, AgentsReadModel agents, CancellationToken cancellationToken) =>
        TypedResults.Ok(await agents.List(user.Tenant(), cancellationToken));

    private static async Task<Results<Ok<AgentSummary>, ProblemHttpResult>> Show(string name, ClaimsPrincipal user, AgentsReadModel agents, CancellationToken cancellationToken) =>
        await agents.Get(user.Tenant(), name, cancellationToken) is { } agent ? TypedResults.Ok(agent) : NoAgent(name);

    private static async Task<Results<Ok<AgentSummary>, ProblemHttpResult>> Drain(string name, ClaimsPrincipal user, IGrainFactory grains) =>
        await grains.Agents(user.Tenant()).Drain(name) ? await Now(name, user, grains) : NoAgent(name);

    private static async Task<Results<Ok<AgentSummary>, ProblemHttpResult>> Resume(string name, ClaimsPrincipal user, IGrainFactory grains) =>
        await grains.Agents(user.Tenant()).Resume(name) ? await Now(name, user, grains) : NoAgent(name);

    private static async Task<Results<Ok<AgentSummary>, ProblemHttpResult>> Now(string name, ClaimsPrincipal user, IGrainFactory grains) =>
        (await grains.Agents(user.Tenant()).List()).FirstOrDefault(agent => agent.Name == name) is { } agent ? TypedResults.Ok(agent) : NoAgent(name);

    private static async Task<Results<Created<AgentToken>, ProblemHttpResult>> CreateToken(
        CreateAgentToken request, ClaimsPrincipal user, AgentTokens tokens, CancellationToken cancellationToken)
    {
        if (request.Name is { } name && !ProjectId.IsValidName(name))
            return Problems.Invalid($"'{name}' cannot be an agent's name: use 1–64 of a-z 0-9 . _ -, beginning with a letter or digit.");
        if (request.ExpiresInHours is < 1 or > 720) return Problems.Invalid($"'expiresInHours' is {request.ExpiresInHours}; it must be from 1 to 720.");
        return await tokens.Create(user, request, cancellationToken) switch
        {
            { Token: { } made } => TypedResults.Created((string?)null, made),
            { Refused: var refused } => refused!.Answer(),
        };
    }

    /// <summary>What the audit log says of an agent as it was; null: there is none.</summary>
    internal static async Task<AuditFields?> Former(AgentsReadModel agents, string tenant, string name) =>
        await agents.Get(tenant, name) is { } known ? new() { ["status"] = known.Status.ToString().ToLowerInvariant() } : null;

    private static Task<AuditFields?> Before(EndpointFilterInvocationContext request) => Former(request.Get<AgentsReadModel>(), request.HttpContext.User.Tenant(), request.Route("name"));

    private static ProblemHttpResult NoAgent(string name) => Problems.NotFound($"There is no agent '{name}'. 'prts agent list' shows those that joined.");
}
