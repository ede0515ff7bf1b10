using PRTS.Api.Environments;
using PRTS.Api.Secrets;
using PRTS.Contracts.Projects;
using PRTS.Pipelines.Planning;

namespace PRTS.Storage.Secrets;

/// <summary>A job that asks for secrets.</summary>
public sealed record SecretUse
{
    public required ProjectId Project { get; init; }

    /// <summary>That the job deploys to; null: none.</summary>
    public string? Environment { get; init; }

    /// <summary>Short name; null for a tag.</summary>
    public string? Branch { get; init; }
    public string? Tag { get; init; }

    /// <summary><see cref="TriggerEvent.Kind"/> of its build.</summary>
    public required string Event { get; init; }

    /// <summary>For pull requests: whether what is built was written outside of this repository. Whoever does not know says yes.</summary>
    public bool IsFromOutside { get; init; } = true;
}

/// <summary>Why a job does not get a secret.</summary>
public enum SecretRefusalReason
{
    NotThere,
    Outside,
    Environment,
    Branch,
    Tag,

    /// <summary>Its Vault or the key provider does not answer, or refuses: a later attempt may succeed.</summary>
    Unavailable,

    /// <summary>What is stored does not open: it was changed.</summary>
    Unreadable,

    /// <summary>Its value cannot be masked in logs.</summary>
    TooShort,
}

/// <summary>Text: a sentence for whoever wrote the pipeline, without the value.</summary>
public sealed record SecretRefusal(SecretRefusalReason Reason, string Text);

/// <summary>Exactly one of Refusal and Secret's use: where Refusal is null the job gets the secret.</summary>
public sealed record SecretDecision(string Name, SecretSummary? Secret, SecretRefusal? Refusal);

/// <summary>Who gets which secret. Pure: the same answer for jobs and for the page that explains it.</summary>
public static class SecretRules
{
    public const int LongestName = 200;
    private const int MostLimits = 50;
    private const int LongestLimit = 200;

    /// <summary>
    /// One decision for each name. The narrowest scope that has the name decides alone: where it refuses, a wider one's secret of the same name
    /// would be another one than was meant.
    /// </summary>
    /// <param name="all">Secrets of the use's project and environment and of what is around them; others are left aside.</param>
    public static IReadOnlyList<SecretDecision> Choose(IEnumerable<SecretSummary> all, SecretUse use, IEnumerable<string> names)
    {
        var narrowest = all.Where(secret => Reaches(secret, use))
            .GroupBy(secret => secret.Name, StringComparer.Ordinal)
            .ToDictionary(same => same.Key, same => same.MaxBy(Level)!, StringComparer.Ordinal);
        return [.. names.Distinct(StringComparer.Ordinal).Select(name => narrowest.TryGetValue(name, out var secret)
            ? new SecretDecision(name, secret, Refusal(secret, use))
            : new SecretDecision(name, null, new(SecretRefusalReason.NotThere, $"There is no secret '{name}' for {Words(use)}.")))];
    }

    /// <summary>Why a job does not get this secret; null: it does.</summary>
    public static SecretRefusal? Refusal(SecretSummary secret, SecretUse use)
    {
        var limits = secret.Limits;
        var outside = use.Event == "pull_request" && use.IsFromOutside;
        if (outside && !limits.AllowOutside)
            return new(SecretRefusalReason.Outside, $"The secret '{secret.Name}' is not given to builds of pull requests from outside.");
        if (limits.Environments.Count > 0 && (use.Environment is null || !limits.Environments.Contains(use.Environment, StringComparer.Ordinal)))
            return new(SecretRefusalReason.Environment, $"The secret '{secret.Name}' is only for jobs that deploy to {string.Join(", ", limits.Environments)}.");
        if (limits.Branches.Count + limits.Tags.Count == 0)
            return null;
        if (use.Tag is { } tag)
            return Matches(limits.Tags, tag) ? null : new(SecretRefusalReason.Tag, $"The secret '{secret.Name}' is not given to builds of the tag '{tag}'.");
        // A stranger's branch may have any name.
        return !outside && use.Branch is { } branch && Matches(limits.Branches, branch)
            ? null
            : new(SecretRefusalReason.Branch, $"The secret '{secret.Name}' is not given to builds of {(use.Branch is null ? "no branch" : $"the branch '{use.Branch}'{(outside ? " from outside" : "")}")}.");
    }

    /// <summary>What is wrong with a secret that is to be set, in a sentence; null: nothing.</summary>
    public static string? Problem(SecretScope scope, string name, SetSecret secret) =>
        NameProblem(name)
        ?? (scope.Level == SecretLevel.Environment && !EnvironmentSettings.IsName(scope.Environment) ? $"'{Short(scope.Environment)}' cannot be an environment's name." : null)
        ?? (secret.Value is not null && secret.Vault is not null ? "A secret has a value or is read from Vault, not both." : null)
        ?? (secret.Value is { } value ? ValueProblem(value) : null)
        ?? (secret.Vault is { } vault ? VaultProblem(vault) : null)
        ?? (secret.Description.Length > SetSecret.LongestDescription ? $"The description has {secret.Description.Length} characters; it may have {SetSecret.LongestDescription}." : null)
        ?? LimitsProblem(scope, secret.Limits);

    /// <summary>The names of environment variables, without those that PRTS sets.</summary>
    public static string? NameProblem(string name) =>
        name.Length is 0 or > LongestName || char.IsAsciiDigit(name[0]) || !name.All(c => char.IsAsciiLetterOrDigit(c) || c == '_')
            ? $"A secret's name has 1 to {LongestName} letters, digits and '_', and does not begin with a digit."
        : name is "CI" or "PRTS" || name.StartsWith("PRTS_", StringComparison.Ordinal) ? $"'{name}' is set by PRTS: 'CI', 'PRTS' and names that begin with 'PRTS_' are reserved."
        : null;

    private static string? ValueProblem(SecretText value) =>
        value.CountBytes() == 0 ? "The value is empty."
        : SetSecret.IsTooShort(value.AsUtf8()) ? $"The value has less than {SetSecret.ShortestValue} bytes (blanks around it and line ends not counted), which cannot be masked in logs: give a longer one. What is no secret is a variable."
        : value.CountBytes() > SetSecret.LongestValue ? $"The value has {value.CountBytes()} bytes; it may have {SetSecret.LongestValue}."
        : value.AsUtf8().Contains((byte)0) ? "The value has a NUL character, which no process can be given."
        : null;

    private static string? VaultProblem(VaultReference vault) =>
        new[] { vault.Connection, vault.Mount, vault.Path, vault.Field }.Any(text => text.Length is 0 or > 500 || text.Any(char.IsControl))
            ? "A reference to Vault has a connection, a mount, a path and a field, of at most 500 characters each."
        : new[] { vault.Mount, vault.Path }.Any(path => path.Trim('/').Split('/').Any(part => part is "" or "." or "..")) ? "Mount and path of a reference to Vault have parts between slashes, none of them empty or dots."
        : vault.Version < 1 ? "Versions in Vault begin with 1."
        : null;

    private static string? LimitsProblem(SecretScope scope, SecretLimits limits)
    {
        if (limits.Branches.Count > MostLimits || limits.Tags.Count > MostLimits || limits.Environments.Count > MostLimits)
            return $"There are at most {MostLimits} branches, tags and environments.";
        if (limits.Environments.Count > 0 && scope.Level == SecretLevel.Environment)
            return "A secret of an environment is for that environment anyway.";
        if (limits.Environments.FirstOrDefault(name => !EnvironmentSettings.IsName(name)) is { } wrong)
            return $"'{Short(wrong)}' cannot be an environment's name.";
        foreach (var pattern in limits.Branches.Concat(limits.Tags))
        {
            if (pattern.Length is 0 or > LongestLimit) return $"A pattern for branches or tags has 1 to {LongestLimit} characters.";
            try
            {
                Glob.Parse(pattern);
            }
            catch (FormatException malformed)
            {
                return $"'{Short(pattern)}' is no pattern for branches or tags: {malformed.Message}";
            }
        }

        return null;
    }

    private static bool Reaches(SecretSummary secret, SecretUse use) =>
        (secret.Org is null || secret.Org == use.Project.Org)
        && (secret.Project is null || secret.Project == use.Project.Name)
        && (secret.Environment is null || secret.Environment == use.Environment);

    private static SecretLevel Level(SecretSummary secret) =>
        secret.Environment is not null ? SecretLevel.Environment
        : secret.Project is not null ? SecretLevel.Project
        : secret.Org is not null ? SecretLevel.Organization
        : SecretLevel.Tenant;

    private static bool Matches(IReadOnlyList<string> patterns, string text) => Glob.MatchesAny(patterns.Select(Glob.Parse), text);

    private static string Words(SecretUse use) => use.Environment is { } environment ? $"{use.Project} and its environment '{environment}'" : use.Project.ToString();

    private static string Short(string text) => text.Length <= 60 ? text : text[..60] + "…";
}
