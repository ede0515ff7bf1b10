using System.Reflection;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.Diagnostics;
using Microsoft.AspNetCore.Http;
using PRTS.Contracts.Access;
using PRTS.Web.Access;
using PRTS.Web.Members;

namespace PRTS.Web.Shell;

/// <summary>What a page asked of its reader, and where.</summary>
public sealed record AskedPermission(string Permission, AccessScope Scope)
{
    /// <summary>The page that says why its reader has it, or not.</summary>
    public string Why => AccessLinks.OwnWhy(Permission, Scope);

    /// <summary>Of the page that the address leads to.</summary>
    public static AskedPermission? Of(RouteData route) => Of(route.PageType.GetCustomAttribute<AuthorizeAttribute>()?.Policy, route.RouteValues);

    /// <summary>Of the request in whose place the present one is executed.</summary>
    public static AskedPermission? Of(HttpContext? http) =>
        http?.Features.Get<IStatusCodeReExecuteFeature>() is { Endpoint: { } endpoint } refused ? Of(endpoint.Metadata.GetMetadata<IAuthorizeData>()?.Policy, refused.RouteValues ?? []) : null;

    private static AskedPermission? Of(string? policy, IEnumerable<KeyValuePair<string, object?>> route) =>
        policy?.Split(' ')[^1] is { } permission && AccessRules.All.Contains(permission) ? new(permission, PermissionHandler.Scope(route)) : null;
}
