using System.Text.RegularExpressions;
using PRTS.Api.Projects;
using PRTS.Audit;
using PRTS.Contracts.Builds;
using PRTS.Contracts.Projects;
using PRTS.Pipelines;
using PRTS.Pipelines.Parsing;
using PRTS.Pipelines.Planning;

namespace PRTS.Grains.Projects;

/// <summary>Names, events and explanations of projects.</summary>
internal static partial class ProjectRules
{
    /// <exception cref="FormatException">A name is not allowed, or the definition is not this project's.</exception>
    public static void Check(ProjectId id, CreateProject definition)
    {
        foreach (var name in (string[])[definition.Org, definition.Name])
        {
            if (!ProjectId.IsValidName(name))
                throw new FormatException($"'{name}' cannot be the name of an organization or project: 1–64 of a-z 0-9 . _ -, beginning with a letter or digit, not ending in .git.");
        }

        if (ReservedNames.Contains(definition.Org)) throw new FormatException(ReservedNames.Refusal(definition.Org));
        if (definition.Org != id.Org || definition.Name != id.Name) throw new FormatException($"{definition.Org}/{definition.Name} is not {id}.");
        if (!BranchName().IsMatch(definition.DefaultBranch))
            throw new FormatException($"'{definition.DefaultBranch}' cannot be the name of a branch: 1–100 of letters, digits and . _ - /, beginning and ending with a letter or digit.");
    }

    /// <exception cref="FormatException">A pattern is none.</exception>
    public static void Check(RefProtection protection)
    {
        if (protection.Problem() is { } problem) throw new FormatException(problem);
    }

    public static TriggerEvent Pushed(RefChange change) => new()
    {
        Kind = change.Ref.StartsWith("refs/tags/", StringComparison.Ordinal) ? "tag" : "push",
        Ref = change.Ref,
        Commit = change.Commit,
    };

    /// <summary>What the audit log says of the builds that a schedule starts.</summary>
    public static AuditEntry Scheduled(ProjectId id, ScheduleOccurrence occurrence, TriggerEvent happened) => AuditSource.OfSystem(id.Tenant, "schedules").Allowed(
        "build:start", AuditTarget.In(id.Org, id.Name, "build", $"{id.Org}/{id.Name}"),
        after: new() { ["ref"] = happened.Ref, ["commit"] = happened.Commit, ["file"] = occurrence.File, ["cron"] = occurrence.Cron });

    /// <summary>Null when there is something to start.</summary>
    public static string? WhyNothing(Composition composition, IReadOnlyList<Draft> drafts, string? file, string commit)
    {
        if (drafts.Count > 0) return null;
        var at = $"Commit {commit[..8]}";
        if (composition.Files.Count == 0) return $"{at} has no pipeline: add a file .prts/pipeline.yaml to it.";
        return file is not null && !composition.Files.Any(one => one.Path == file)
            ? $"{at} has no pipeline file {file}; it has {string.Join(", ", composition.Files.Select(one => one.Path))}."
            : $"No pipeline of commit {commit[..8]} can be started by hand.";
    }

    /// <summary>What is wrong with the inputs that a manual run was given; null when nothing is. Each pipeline takes those that it knows.</summary>
    public static string? WrongInputs(IEnumerable<PipelineFiles.Parsed> started, IReadOnlyDictionary<string, string>? given)
    {
        var pipelines = started.Select(file => file.Pipeline).OfType<PipelineDefinition>().ToList();
        var known = pipelines.SelectMany(pipeline => pipeline.Inputs).Select(input => input.Name).Distinct(StringComparer.Ordinal).ToList();
        var problems = pipelines.SelectMany(pipeline => InputValues.Problems(pipeline, given)).Distinct(StringComparer.Ordinal)
            .Concat((given?.Keys ?? []).Where(name => !known.Contains(name, StringComparer.Ordinal)).Order(StringComparer.Ordinal)
                .Select(name => $"There is no input '{name}'; {(known.Count == 0 ? "the pipeline has none" : $"there are {string.Join(", ", known)}")}.")).ToList();
        return problems.Count == 0 ? null : string.Join(' ', problems);
    }

    /// <summary>A build that got its number before a crash, and whose commit is gone since: the number must not stay empty.</summary>
    public static BuildRequest Vanished(PendingBuild pending, ProjectId id, string defaultBranch) => new()
    {
        Event = pending.Event,
        Name = id.Name,
        File = pending.File,
        Actor = pending.Actor,
        CreatedAt = pending.CreatedAt,
        DefaultBranch = defaultBranch,
        Diagnostics =
        [
            new Diagnostic
            {
                Code = "vanished", File = pending.File, Line = 1, Column = 1,
                Message = $"Commit {pending.Event.Commit} or its file is no longer in the repository, so this build cannot run. Push again to start another.",
            },
        ],
    };

    [GeneratedRegex(@"\A(?!.*(?:\.\.|//|\.lock(?:/|\z)))[A-Za-z0-9](?:[A-Za-z0-9._/-]{0,98}[A-Za-z0-9])?\z", RegexOptions.CultureInvariant, matchTimeoutMilliseconds: 1000)]
    private static partial Regex BranchName();
}
