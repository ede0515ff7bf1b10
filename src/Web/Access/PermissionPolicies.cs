using System.Globalization;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Options;
using PRTS.Contracts.Access;
using PRTS.Contracts.Builds;

namespace PRTS.Web.Access;

/// <summary>The permission that an endpoint asks for; a test finds every endpoint without one.</summary>
public sealed record EndpointPermission(string Name);

public sealed record PermissionRequirement(string Permission) : IAuthorizationRequirement;

/// <summary>The caller holds the attempt that the address names.</summary>
public sealed record AttemptRequirement : IAuthorizationRequirement
{
    public const string Policy = "attempt";
}

public static class PermissionExtensions
{
    /// <summary>Only for those whose role has the permission (<see cref="AccessRules"/>).</summary>
    public static T RequirePermission<T>(this T builder, string permission) where T : IEndpointConventionBuilder
    {
        if (!AccessRules.All.Contains(permission)) throw new ArgumentException($"'{permission}' is no permission.", nameof(permission));
        return builder.RequireAuthorization(permission).WithMetadata(new EndpointPermission(permission));
    }

    /// <summary>Only for the agent that holds the attempt of the job in the address.</summary>
    public static T RequireAttempt<T>(this T builder) where T : IEndpointConventionBuilder =>
        builder.RequireAuthorization(AttemptRequirement.Policy).WithMetadata(new EndpointPermission(AttemptRequirement.Policy));
}

/// <summary>Makes every permission's name a policy, for endpoints and for <c>[Authorize(Policy = "build:read")]</c> on pages.</summary>
public sealed class PermissionPolicies(IOptions<AuthorizationOptions> options) : DefaultAuthorizationPolicyProvider(options)
{
    public override Task<AuthorizationPolicy?> GetPolicyAsync(string policyName)
    {
        IAuthorizationRequirement? requirement = policyName == AttemptRequirement.Policy ? new AttemptRequirement()
            : AccessRules.All.Contains(policyName) ? new PermissionRequirement(policyName)
            : null;
        return requirement is null
            ? base.GetPolicyAsync(policyName)
            : Task.FromResult<AuthorizationPolicy?>(new AuthorizationPolicyBuilder().RequireAuthenticatedUser().AddRequirements(requirement).Build());
    }
}

/// <summary>Decides. A person needs the role; an agent may only read the repository of its attempt's project and the artifacts of its build, and fill that attempt.</summary>
public sealed class PermissionHandler : IAuthorizationHandler
{
    public Task HandleAsync(AuthorizationHandlerContext context)
    {
        foreach (var requirement in context.PendingRequirements.ToArray())
        {
            var allowed = requirement switch
            {
                PermissionRequirement { Permission: var permission } => context.User.May(permission) || AgentMay(context, permission),
                AttemptRequirement => context.User.Attempt() is { } attempt && Names(context, attempt),
                _ => false,
            };
            if (allowed) context.Succeed(requirement);
        }

        return Task.CompletedTask;
    }

    private static bool AgentMay(AuthorizationHandlerContext context, string permission) =>
        context.User.Attempt() is { } attempt && Route(context) is { } route && permission switch
        {
            Permissions.RepositoryRead => NamesProject(route, attempt),
            Permissions.ArtifactRead => NamesBuild(route, attempt),
            _ => false,
        };

    private static bool Names(AuthorizationHandlerContext context, AttemptId attempt) =>
        Route(context) is { } route && NamesBuild(route, attempt) && route["job"] as string == attempt.Job.Name;

    private static bool NamesBuild(RouteValueDictionary route, AttemptId attempt) =>
        NamesProject(route, attempt) && route["number"] as string == attempt.Job.Build.Number.ToString(CultureInfo.InvariantCulture);

    private static bool NamesProject(RouteValueDictionary route, AttemptId attempt) =>
        route["org"] as string == attempt.Job.Build.Project.Org && route["project"] as string == attempt.Job.Build.Project.Name;

    private static RouteValueDictionary? Route(AuthorizationHandlerContext context) => (context.Resource as HttpContext)?.Request.RouteValues;
}
