using PRTS.Api.Builds;

namespace PRTS.Cli.Builds;

/// <summary>Which job of a build the user means.</summary>
internal static class JobChoice
{
    /// <summary>By key or name; without one, the only job there is.</summary>
    public static JobSummary Find(BuildSummary build, string? wanted)
    {
        var jobs = (build.Stages ?? []).SelectMany(stage => stage.Jobs).ToList();
        var found = wanted is null ? jobs
            : jobs.Where(job => job.Key == wanted).ToList() is { Count: > 0 } byKey ? byKey
            : jobs.Where(job => string.Equals(job.Name, wanted, StringComparison.OrdinalIgnoreCase)).ToList();
        var names = string.Join(", ", jobs.Select(job => $"'{job.Name}' [{job.Key}]"));
        return (found.Count, jobs.Count) switch
        {
            (1, _) => found[0],
            (_, 0) => throw new UserError($"{build.Id} has no jobs{(build.Reason is { } reason ? $": {reason}" : ".")}"),
            (0, _) => throw new UserError($"{build.Id} has no job '{wanted}'. It has {names}.", ExitCodes.Invalid),
            _ => throw new UserError($"{build.Id} has several jobs: choose one with --job. It has {names}.", ExitCodes.Invalid),
        };
    }
}
