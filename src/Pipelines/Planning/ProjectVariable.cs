namespace PRTS.Pipelines.Planning;

/// <summary>
/// A variable that a project gives to its jobs, or an organization or the tenant to the jobs of all their projects. It is no secret: whoever reads the
/// project reads it.
/// </summary>
[GenerateSerializer, Alias("prts.project-variable"), Immutable]
public sealed record ProjectVariable
{
    public const int LongestValue = 32 * 1024;

    /// <summary>Letters, digits and <c>_</c>, not beginning with a digit.</summary>
    [Id(0)] public required string Name { get; init; }

    /// <summary>At most <see cref="LongestValue"/> characters; may have expressions, as in a pipeline.</summary>
    [Id(1)] public required string Value { get; init; }

    /// <summary>Only for jobs that deploy to this environment; null: for all.</summary>
    [Id(2)] public string? Environment { get; init; }

    /// <summary>Only for builds of branches like this (a glob); null: for all.</summary>
    [Id(3)] public string? Branch { get; init; }
    [Id(4)] public DateTimeOffset UpdatedAt { get; init; }
    [Id(5)] public string UpdatedBy { get; init; } = "";

    /// <summary>Whose it is: without <see cref="Project"/> the organization's, without both the tenant's. The narrower one's go over the wider one's.</summary>
    [Id(6)] public string? Org { get; init; }
    [Id(7)] public string? Project { get; init; }
}

/// <summary>Which of a project's variables a build and its jobs get.</summary>
public static class ProjectVariables
{
    /// <summary>What is wrong with it, in a sentence; null: nothing.</summary>
    public static string? Problem(ProjectVariable variable) =>
        !Parsing.EnvReader.IsName(variable.Name) || variable.Name.Length > 200 ? $"'{Parsing.Words.Short(variable.Name)}' cannot be a variable's name; names have 1 to 200 letters, digits and '_', and do not begin with a digit."
        : Parsing.EnvReader.IsReserved(variable.Name) ? $"'{variable.Name}' is set by PRTS: 'CI', 'PRTS' and names that begin with 'PRTS_' are reserved."
        : variable.Value.Length > ProjectVariable.LongestValue ? $"The value has {variable.Value.Length} characters; it may have {ProjectVariable.LongestValue}."
        : variable.Value.Contains('\0', StringComparison.Ordinal) ? "The value has a NUL character, which no process can be given."
        : variable.Environment is { } environment && (environment.Length is 0 or > 100 || environment.Any(c => char.IsControl(c) || c is '/' or '\\')) ? $"'{Parsing.Words.Short(environment)}' cannot be an environment's name."
        : variable.Branch is { } branch && BranchProblem(branch) is { } problem ? problem
        : null;

    /// <summary>Those that hold for a build of this branch; null: of a tag.</summary>
    public static IReadOnlyList<ProjectVariable> OfBuild(IReadOnlyList<ProjectVariable> all, string? branch) =>
        [.. all.Where(variable => variable.Branch is null || (branch is not null && Filters.Match([variable.Branch], branch)))];

    /// <summary>
    /// Values by name, of those that hold for the build. The project's go over the organization's, and those over the tenant's, whatever they are for.
    /// Of one place, one for the environment goes over one for a branch, and that over one for all; of branches, the name itself goes over patterns, and
    /// a longer pattern over a shorter one.
    /// </summary>
    /// <param name="environment">That the job deploys to; null: none.</param>
    public static IReadOnlyDictionary<string, string> OfJob(IReadOnlyList<ProjectVariable> ofBuild, string? environment) => ofBuild
        .Where(variable => variable.Environment is null || variable.Environment == environment)
        .OrderBy(variable => variable.Project is not null ? 2 : variable.Org is not null ? 1 : 0)
        .ThenBy(variable => variable.Environment is not null)
        .ThenBy(variable => variable.Branch is not null)
        .ThenBy(variable => variable.Branch?.AsSpan().IndexOfAny("*?+[") < 0)
        .ThenBy(variable => variable.Branch?.Length)
        .ThenBy(variable => variable.Branch, StringComparer.Ordinal)
        .GroupBy(variable => variable.Name, StringComparer.Ordinal)
        .OrderBy(same => same.Key, StringComparer.Ordinal)
        .ToDictionary(same => same.Key, same => same.Last().Value, StringComparer.Ordinal);

    private static string? BranchProblem(string branch)
    {
        if (branch.Length is 0 or > 200) return "A branch has 1 to 200 characters.";
        try
        {
            _ = Filters.Match([branch], "main");
            return null;
        }
        catch (FormatException wrong)
        {
            return $"'{Parsing.Words.Short(branch)}' is no pattern for branches: {wrong.Message}";
        }
    }
}
