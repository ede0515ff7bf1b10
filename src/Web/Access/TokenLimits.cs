using Microsoft.AspNetCore.Http;
using PRTS.Contracts.Access;

namespace PRTS.Web.Access;

/// <summary>Says of a refused request that it is the token that does not go so far, and what kind of token would.</summary>
public static class TokenLimits
{
    /// <summary>Null: no token stands in the way, so what is missing is a role.</summary>
    public static string? Explain(HttpContext http)
    {
        if (http.GetEndpoint()?.Metadata.GetMetadata<EndpointPermission>() is not { } asked || http.User.Facts() is not { Enabled: true, Limit: { } limit } facts) return null;
        var isAnywhere = asked.Name.StartsWith(Policies.Anywhere, StringComparison.Ordinal);
        var permission = isAnywhere ? asked.Name[Policies.Anywhere.Length..] : asked.Name;
        if (http.User.Job() is not null) return $"The token of a job reads its own project and no more: {permission} takes an access token, which the job can be given as a secret.";
        var place = PermissionHandler.Scope(http.Request.RouteValues);
        var places = AccessRules.Where(facts with { Limit = null }, permission);
        if (isAnywhere ? places.Count == 0 : AccessRules.Decide(facts, permission, place).Obstacle != AccessObstacle.KeyLimit) return null;

        var lacksPermission = !limit.Permissions.Any(pattern => AccessRules.Matches(pattern, permission));
        // Where any place would do and the permission is there, the account has it only in other places.
        var lacksPlace = isAnywhere ? !lacksPermission : !limit.Scope.Contains(place);
        var wanted = isAnywhere ? places[0] : place;
        string[] needs =
        [
            .. lacksPermission ? [$"the permission {permission}"] : Array.Empty<string>(),
            .. lacksPlace ? [wanted == AccessScope.Tenant ? "no scope" : $"the scope {wanted}"] : Array.Empty<string>(),
        ];
        var (kind, where) = http.User.Expires() is null ? ("access token", "on the account page") : ("short-lived access token", "with an access token that has it");
        return $"The {kind} does not include {permission}{(isAnywhere || place == AccessScope.Tenant ? "" : $" in {place}")}, which {http.User.Actor()} has: create one with {string.Join(" and ", needs)} {where}.";
    }
}
