using System.Collections.Immutable;
using PRTS.Contracts.Access;

namespace PRTS.Web.Roles;

/// <summary>What a custom role is to have, while somebody ticks it: permissions, <c>noun:*</c> for all of a noun, or <c>*</c> for all.</summary>
/// <param name="Patterns">None is covered by another.</param>
public sealed record PermissionChoice(ImmutableSortedSet<string> Patterns)
{
    public const string Everything = "*";

    public static PermissionChoice Of(IEnumerable<string> patterns) =>
        patterns.Aggregate(new PermissionChoice(ImmutableSortedSet.Create<string>(StringComparer.Ordinal)), (choice, pattern) => choice.With(pattern));

    public static string AllOf(string noun) => $"{noun}:*";

    /// <summary>Whether the permission, or all of the pattern, is chosen by itself or by something wider.</summary>
    public bool Has(string pattern) => Patterns.Contains(pattern) || Patterns.Contains(Everything) || (pattern != Everything && Patterns.Contains(AllOf(PermissionTable.Noun(pattern))));

    /// <summary>What it covers is not named any more.</summary>
    public PermissionChoice With(string pattern) => Has(pattern) ? this : new(Patterns.Except(Patterns.Where(other => AccessRules.Matches(pattern, other))).Add(pattern));

    /// <summary>Without it; what something wider gave besides stays, named one by one.</summary>
    public PermissionChoice Without(string pattern)
    {
        if (!Has(pattern)) return this;
        if (Patterns.Contains(pattern)) return new(Patterns.Remove(pattern));
        var noun = PermissionTable.Noun(pattern);
        if (Patterns.Contains(Everything))
            return new PermissionChoice(Patterns.Remove(Everything).Union(PermissionTable.Groups.Select(group => AllOf(group.Key)))).Without(pattern);
        var others = PermissionTable.Groups.First(group => group.Key == noun).Where(permission => permission != pattern);
        return new(Patterns.Remove(AllOf(noun)).Union(others));
    }
}
