using System.Text.RegularExpressions;

namespace PRTS.Contracts.Projects;

/// <summary>A project: tenant, organization and name. Its key begins with the tenant, as every key does.</summary>
[GenerateSerializer, Alias("prts.project-id"), Immutable]
public readonly partial record struct ProjectId([property: Id(0)] string Tenant, [property: Id(1)] string Org, [property: Id(2)] string Name)
{
    public const string DefaultTenant = "default";

    /// <summary><c>tenant/org/name</c>.</summary>
    public string Key => $"{Tenant}/{Org}/{Name}";

    /// <summary><c>org/name</c>, as people write it.</summary>
    public override string ToString() => $"{Org}/{Name}";

    public static ProjectId FromKey(string key) =>
        key.Split('/') is [var tenant, var org, var name] ? new(tenant, org, name) : throw new FormatException($"'{key}' is no project key (tenant/org/name).");

    /// <summary>Whether an organization or project may have this name: 1–64 of a-z 0-9 . _ -, beginning with a letter or digit, not ending in .git.</summary>
    public static bool IsValidName(string name) => NamePattern().IsMatch(name) && !name.EndsWith(".git", StringComparison.Ordinal);

    [GeneratedRegex(@"\A[a-z0-9][a-z0-9._-]{0,63}\z", RegexOptions.CultureInvariant, matchTimeoutMilliseconds: 1000)]
    private static partial Regex NamePattern();
}
