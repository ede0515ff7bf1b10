using Microsoft.AspNetCore.Http;
using PRTS.Contracts.Access;

namespace PRTS.Web.Rest;

/// <summary>Where in the caller's tenant an address lies: what many kinds of things have in each of these places.</summary>
public static class Places
{
    /// <summary>The tenant, <c>{org}</c>, or <c>{org}/{project}</c>.</summary>
    public static AccessScope Place(this HttpContext http) => new(http.Request.RouteValues["org"] as string, http.Request.RouteValues["project"] as string);

    /// <summary>In words: <c>the project acme/web</c>.</summary>
    public static string Words(AccessScope place) => place.Project is not null ? $"the project {place}" : place.Org is not null ? $"the organization {place}" : "the tenant";
}
