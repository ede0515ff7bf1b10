using System.Globalization;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Options;
using PRTS.Contracts.Access;
using PRTS.Contracts.Builds;
using PRTS.Contracts.Projects;

namespace PRTS.Web.Access;

/// <summary>The policy that an endpoint asks for; a test finds every endpoint without one.</summary>
public sealed record EndpointPermission(string Name);

/// <param name="Anywhere">Enough to have it somewhere: the answer shows only what is there.</param>
public sealed record PermissionRequirement(string Permission, bool Anywhere) : IAuthorizationRequirement;

/// <summary>The caller holds the attempt that the address names.</summary>
public sealed record AttemptRequirement : IAuthorizationRequirement
{
    public const string Policy = "attempt";
}

/// <summary>Names of policies that are not a permission's own.</summary>
public static class Policies
{
    /// <summary>Before a permission: for those who have it in any organization or project. What is shown is filtered.</summary>
    public const string Anywhere = "anywhere ";
}

public static class PermissionExtensions
{
    /// <summary>Only for those who have the permission where the address says (<c>org</c>, <c>project</c>); in the whole tenant where it names nothing.</summary>
    public static T RequirePermission<T>(this T builder, string permission) where T : IEndpointConventionBuilder => Require(builder, permission, "");

    /// <summary>For those who have the permission in any organization or project; the handler shows only what is there.</summary>
    public static T RequirePermissionAnywhere<T>(this T builder, string permission) where T : IEndpointConventionBuilder => Require(builder, permission, Policies.Anywhere);

    /// <summary>Only for the agent that holds the attempt of the job in the address.</summary>
    public static T RequireAttempt<T>(this T builder) where T : IEndpointConventionBuilder =>
        builder.RequireAuthorization(AttemptRequirement.Policy).WithMetadata(new EndpointPermission(AttemptRequirement.Policy));

    private static T Require<T>(T builder, string permission, string where) where T : IEndpointConventionBuilder
    {
        if (!AccessRules.All.Contains(permission)) throw new ArgumentException($"'{permission}' is no permission.", nameof(permission));
        return builder.RequireAuthorization(where + permission).WithMetadata(new EndpointPermission(where + permission));
    }
}

/// <summary>Makes every permission's name a policy, for endpoints and for <c>[Authorize(Policy = "build:read")]</c> on pages.</summary>
public sealed class PermissionPolicies(IOptions<AuthorizationOptions> options) : DefaultAuthorizationPolicyProvider(options)
{
    public override Task<AuthorizationPolicy?> GetPolicyAsync(string policyName)
    {
        var anywhere = policyName.StartsWith(Policies.Anywhere, StringComparison.Ordinal);
        var permission = anywhere ? policyName[Policies.Anywhere.Length..] : policyName;
        IAuthorizationRequirement? requirement = policyName == AttemptRequirement.Policy ? new AttemptRequirement()
            : AccessRules.All.Contains(permission) ? new PermissionRequirement(permission, anywhere)
            : null;
        return requirement is null
            ? base.GetPolicyAsync(policyName)
            : Task.FromResult<AuthorizationPolicy?>(new AuthorizationPolicyBuilder().RequireAuthenticatedUser().AddRequirements(requirement).Build());
    }
}

/// <summary>
/// Decides. A person needs a role where the thing lies: the resource is a scope, a project, or the address that names them. An agent
/// may only read the repository of its attempt's project and the artifacts of its build, and fill that attempt.
/// </summary>
public sealed class PermissionHandler : IAuthorizationHandler
{
    public Task HandleAsync(AuthorizationHandlerContext context)
    {
        foreach (var requirement in context.PendingRequirements.ToArray())
        {
            var allowed = requirement switch
            {
                PermissionRequirement { Anywhere: true } asked => context.User.MayAnywhere(asked.Permission),
                PermissionRequirement asked => context.User.May(asked.Permission, Scope(context.Resource)) || AgentMay(context, asked.Permission),
                AttemptRequirement => context.User.Attempt() is { } attempt && Names(context, attempt),
                _ => false,
            };
            if (allowed) context.Succeed(requirement);
        }

        return Task.CompletedTask;
    }

    /// <summary>What names nothing that can be asks for rights in the whole tenant; what serves the address then says that there is none.</summary>
    private static AccessScope Scope(object? resource) => resource switch
    {
        AccessScope scope => scope,
        ProjectId project => AccessScope.Of(project),
        HttpContext http => Scope(http.Request.RouteValues),
        RouteData page => Scope(page.RouteValues),
        IEnumerable<KeyValuePair<string, object?>> route => Scope(route),
        _ => AccessScope.Tenant,
    };

    /// <summary>Endpoints name a project <c>{org}/{project}</c>, pages <c>{Org}/{Name}</c>; agents and the like have a <c>{name}</c> without an organization.</summary>
    internal static AccessScope Scope(IEnumerable<KeyValuePair<string, object?>> route)
    {
        string? Value(string key) => route.FirstOrDefault(value => string.Equals(value.Key, key, StringComparison.OrdinalIgnoreCase)).Value as string;
        var org = Value("org");
        return AccessScope.Parse(org is not null && (Value("project") ?? Value("Name")) is { } project ? $"{org}/{project}" : org) ?? AccessScope.Tenant;
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

    private static bool NamesBuild(Microsoft.AspNetCore.Routing.RouteValueDictionary route, AttemptId attempt) =>
        NamesProject(route, attempt) && route["number"] as string == attempt.Job.Build.Number.ToString(CultureInfo.InvariantCulture);

    private static bool NamesProject(Microsoft.AspNetCore.Routing.RouteValueDictionary route, AttemptId attempt) =>
        route["org"] as string == attempt.Job.Build.Project.Org && route["project"] as string == attempt.Job.Build.Project.Name;

    private static Microsoft.AspNetCore.Routing.RouteValueDictionary? Route(AuthorizationHandlerContext context) => (context.Resource as HttpContext)?.Request.RouteValues;
}
