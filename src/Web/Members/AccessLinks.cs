using PRTS.Contracts.Access;
using PRTS.Web.Shell;

namespace PRTS.Web.Members;

/// <summary>Addresses of the pages about access.</summary>
public static class AccessLinks
{
    /// <summary>Who has which role there.</summary>
    public static string Address(AccessScope scope) => PlacePage.Address(scope, "access");

    /// <summary>Why somebody may do something, or not.</summary>
    public static string Why(string user, string? permission, AccessScope scope) => $"/admin/why?user={Uri.EscapeDataString(user)}{Query(permission, scope)}";

    /// <summary>Why the reader may do something, or not.</summary>
    public static string OwnWhy(string permission, AccessScope scope) => $"/account/why?{Query(permission, scope).TrimStart('&')}";

    private static string Query(string? permission, AccessScope scope) =>
        (permission is null ? "" : $"&permission={Uri.EscapeDataString(permission)}") + (scope == AccessScope.Tenant ? "" : $"&scope={Uri.EscapeDataString(scope.ToString())}");
}
