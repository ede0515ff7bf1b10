using PRTS.Pipelines.Parsing;

namespace PRTS.Pipelines.Planning;

/// <summary>Decides <c>when</c>, and says in a sentence which rule an event does not meet.</summary>
internal static class WhenRule
{
    /// <summary>Null when every rule is met.</summary>
    /// <param name="when">The rules; null asks nothing.</param>
    /// <param name="owner"><c>stage</c> or <c>job</c>.</param>
    /// <param name="trigger">The event.</param>
    public static string? SkipReason(WhenDefinition? when, string owner, TriggerEvent trigger)
    {
        if (when is null) return null;
        if (when.Branch.Count > 0 && (trigger.Branch is not { } branch || !Filters.Match(when.Branch, branch)))
            return Sentence(owner, "branch", when.Branch, trigger.Branch is { } b ? $"this build is for branch {b}" : $"this build is for {Ref(trigger)}, which is no branch");
        if (when.Tag.Count > 0 && (trigger.Tag is not { } tag || !Filters.Match(when.Tag, tag)))
            return Sentence(owner, "tag", when.Tag, trigger.Tag is { } t ? $"this build is for tag {t}" : $"this build is for {Ref(trigger)}, which is no tag");
        if (when.Event.Count > 0 && !Filters.Match(when.Event, trigger.Kind))
            return Sentence(owner, "event", when.Event, $"this build's event is {trigger.Kind}");
        if (when.Paths.Count > 0 && trigger.ChangedPaths is { } changed && !Filters.MatchSome(when.Paths, changed))
            return Sentence(owner, "paths", when.Paths, changed.Count switch
            {
                0 => "the push changed no files",
                <= 3 => $"the push changed only {Words.And(changed.Select(Words.Short))}",
                _ => $"none of the {changed.Count} files that the push changed matches",
            });
        return null;
    }

    private static string Sentence(string owner, string key, IReadOnlyList<string> patterns, string actual)
    {
        var wanted = patterns.Count > 5 ? Words.Or([.. patterns.Take(5).Select(Words.Short), $"{patterns.Count - 5} more"]) : Words.Or(patterns.Select(Words.Short));
        return $"The {owner}'s when.{key} wants {wanted}; {actual}.";
    }

    private static string Ref(TriggerEvent trigger) =>
        trigger.Branch is { } branch ? $"branch {branch}" : trigger.Tag is { } tag ? $"tag {tag}" : trigger.Ref;
}
