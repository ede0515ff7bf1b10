using PRTS.Contracts.Access;

namespace PRTS.Web.Roles;

/// <summary>All permissions by what they are about (the noun), as tables and forms list them.</summary>
public static class PermissionTable
{
    /// <summary>By noun; both in alphabetical order.</summary>
    public static IReadOnlyList<IGrouping<string, string>> Groups { get; } =
        [.. AccessRules.All.Order(StringComparer.Ordinal).GroupBy(Noun, StringComparer.Ordinal)];

    public static string Noun(string permission) => permission[..permission.IndexOf(':', StringComparison.Ordinal)];
}
