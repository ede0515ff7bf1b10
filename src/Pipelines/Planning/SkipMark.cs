namespace PRTS.Pipelines.Planning;

/// <summary>Words in a commit's message by which its author asks for no build. The same as GitHub's and GitLab's.</summary>
public static class SkipMark
{
    private static readonly string[] Marks = ["[skip ci]", "[ci skip]", "[no ci]", "[skip prts]", "[prts skip]"];

    /// <summary>The mark as it is written there; null when there is none.</summary>
    public static string? In(string message) => Marks.Select(mark => message.IndexOf(mark, StringComparison.OrdinalIgnoreCase) is >= 0 and var at ? message.Substring(at, mark.Length) : null)
        .FirstOrDefault(found => found is not null);

    /// <summary>Whether the event is one that the mark stops: nobody who presses a button, and no clock, means it.</summary>
    public static bool Stops(string kind) => kind is "push" or "tag" or "pull_request";
}
