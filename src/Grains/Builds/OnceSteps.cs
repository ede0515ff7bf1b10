using PRTS.Api;
using PRTS.Api.Builds;
using PRTS.Pipelines.Planning;

namespace PRTS.Grains.Builds;

/// <summary>
/// What is known of the steps that run once. A step is claimed before its agent starts it; from then on no later attempt runs it again
/// unless its end is known to be a success, in which case it is passed over, or a person says what became of it.
/// </summary>
public static class OnceSteps
{
    /// <summary>Larger outputs are not kept for later attempts. Characters of names and values together.</summary>
    private const int MaxOutputs = JobLifecycle.MaxOutputs;

    public static JobState Claimed(JobState state, int step) => With(state, step, new() { Attempt = state.Attempt });

    public static JobState Ended(JobState state, StepEnded end)
    {
        if (!state.Once.TryGetValue(end.Index, out var known) || known.Attempt != state.Attempt || known.End is not null) return state;
        if (end.Status == RunStatus.Skipped) return Answered(state, end.Index, ran: false, "");
        var outputs = end.Outputs?.Sum(output => output.Key.Length + output.Value.Length) <= MaxOutputs ? end.Outputs : null;
        return With(state, end.Index, known with { End = end.Status, Reason = end.Reason, Outputs = outputs });
    }

    /// <summary>The attempt's machine or its supervisor went away: what was said of a step that did not succeed is no proof.</summary>
    public static JobState Lost(JobState state, string? reason) => state with
    {
        Once = state.Once.ToDictionary(step => step.Key, step => step.Value.Attempt != state.Attempt || step.Value.End == RunStatus.Succeeded ? step.Value
            : step.Value with { End = null, Reason = reason }),
    };

    /// <summary>A further attempt would find a step that ran and did not succeed.</summary>
    public static bool Stops(JobState state) => state.Once.Values.Any(step => step.Attempt == state.Attempt && step.End is not RunStatus.Succeeded);

    /// <summary>Nobody knows how a step of this attempt ended.</summary>
    public static bool IsUnknown(JobState state) => state.Once.Values.Any(step => step.Attempt == state.Attempt && step.End is null);

    /// <summary>A person had a job that succeeded run again: whether its steps are to run again, too, is for him to say.</summary>
    public static JobState Anew(JobState state) => state with { Once = state.Once.ToDictionary(step => step.Key, step => step.Value with { Asks = true }) };

    /// <summary>What a person has to say before the present attempt can begin; null: nothing.</summary>
    public static OnceQuestion? Question(JobState state, PlannedJob job)
    {
        if (Asked(state) is not { } index) return null;
        var step = state.Once[index];
        var name = index < job.Steps.Count ? job.Steps[index].Name : "";
        var because = step.Reason is { } reason ? $" ({reason.TrimEnd('.')})" : "";
        var known = step.End switch
        {
            null => $"It cannot be told whether step '{name}' did its work in attempt {step.Attempt}{because}",
            RunStatus.Succeeded => $"Step '{name}' did its work in attempt {step.Attempt}",
            _ => $"Step '{name}' ran in attempt {step.Attempt} and did not succeed{because}",
        };
        return new() { Step = index, Name = name, Reason = $"{known}. It never runs twice by itself: say whether to go on without it or to run it again." };
    }

    public static bool Asks(JobState state) => Asked(state) is not null;

    /// <param name="ran">The step counts as done. Otherwise it runs.</param>
    public static JobState Answered(JobState state, int step, bool ran, string actor)
    {
        if (ran) return With(state, step, state.Once[step] with { End = RunStatus.Succeeded, Asks = false, By = actor });
        return state with { Once = state.Once.Where(one => one.Key != step).ToDictionary() };
    }

    /// <summary>What the present attempt passes over.</summary>
    public static IReadOnlyDictionary<int, OnceDone> Done(JobState state) => state.Once.Where(step => step.Value.End == RunStatus.Succeeded).ToDictionary(step => step.Key, step => new OnceDone
    {
        Reason = step.Value.By is { } person ? $"{person} said that it ran in attempt {step.Value.Attempt}" : $"it ran in attempt {step.Value.Attempt}, and runs only once",
        Outputs = step.Value.Outputs ?? new Dictionary<string, string>(StringComparer.Ordinal),
    });

    private static int? Asked(JobState state)
    {
        var asked = state.Once.Where(step => step.Value.Attempt < state.Attempt && (step.Value.Asks || step.Value.End != RunStatus.Succeeded)).Select(step => step.Key).ToList();
        return asked.Count == 0 ? null : asked.Min();
    }

    private static JobState With(JobState state, int step, OnceState known) => state with { Once = new Dictionary<int, OnceState>(state.Once) { [step] = known } };
}
