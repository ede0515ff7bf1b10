using System.Globalization;
using PRTS.Contracts.Projects;

namespace PRTS.Contracts.Builds;

/// <summary>A build: its project and its number, which counts from 1 in each project.</summary>
[GenerateSerializer, Alias("prts.build-id"), Immutable]
public readonly record struct BuildId([property: Id(0)] ProjectId Project, [property: Id(1)] int Number)
{
    /// <summary><c>tenant/org/project/number</c>.</summary>
    public string Key => string.Create(CultureInfo.InvariantCulture, $"{Project.Key}/{Number}");

    /// <summary><c>org/project#number</c>, as people write it.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Project}#{Number}");

    public static BuildId FromKey(string key) =>
        key.LastIndexOf('/') is > 0 and var cut && int.TryParse(key.AsSpan(cut + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            ? new(ProjectId.FromKey(key[..cut]), number)
            : throw new FormatException($"'{key}' is no build key (tenant/org/project/number).");
}

/// <summary>A job of a build, by the key that the plan gave it.</summary>
[GenerateSerializer, Alias("prts.job-id"), Immutable]
public readonly record struct JobId([property: Id(0)] BuildId Build, [property: Id(1)] string Name)
{
    /// <summary><c>tenant/org/project/number/job</c>.</summary>
    public string Key => $"{Build.Key}/{Name}";

    public override string ToString() => $"{Build}/{Name}";

    public static JobId FromKey(string key) =>
        key.LastIndexOf('/') is > 0 and var cut
            ? new(BuildId.FromKey(key[..cut]), key[(cut + 1)..])
            : throw new FormatException($"'{key}' is no job key (tenant/org/project/number/job).");
}

/// <summary>One try at a job, counted from 1. Owns one log.</summary>
[GenerateSerializer, Alias("prts.attempt-id"), Immutable]
public readonly record struct AttemptId([property: Id(0)] JobId Job, [property: Id(1)] int Number)
{
    /// <summary><c>tenant/org/project/number/job/attempt</c>.</summary>
    public string Key => string.Create(CultureInfo.InvariantCulture, $"{Job.Key}/{Number}");

    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Job} (attempt {Number})");

    public static AttemptId FromKey(string key) =>
        key.LastIndexOf('/') is > 0 and var cut && int.TryParse(key.AsSpan(cut + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            ? new(JobId.FromKey(key[..cut]), number)
            : throw new FormatException($"'{key}' is no attempt key (tenant/org/project/number/job/attempt).");
}
