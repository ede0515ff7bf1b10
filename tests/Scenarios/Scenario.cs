using System.Text.Json;

namespace PRTS.Scenarios;

/// <summary>What a scenario's JSON says: the first act, and those that follow it.</summary>
internal sealed record Scenario : Act
{
    /// <summary>How often the YAML's text stands in the pipeline file, for files that are too large to keep.</summary>
    public int Repeat { get; init; } = 1;

    /// <summary>Of the pipeline file, as <c>prts lint</c> shows them; all of them.</summary>
    public IReadOnlyList<ExpectedDiagnostic> Warnings { get; init; } = [];

    public IReadOnlyList<Act> Then { get; init; } = [];

    public IEnumerable<Act> Acts => Then.Prepend(this);
}

/// <summary>Something that is done to the project, and what must come of it: one build, or several, or none.</summary>
internal record Act : ExpectedBuild
{
    public Deed Do { get; init; }

    /// <summary>For a push: content by path; null removes the file. What begins with <c>#!</c> is executable.</summary>
    public IReadOnlyDictionary<string, string?> Files { get; init; } = new Dictionary<string, string?>(StringComparer.Ordinal);

    /// <summary>For a push.</summary>
    public string Branch { get; init; } = "main";

    /// <summary>For a push: this tag is pushed instead of a branch.</summary>
    public string? Tag { get; init; }

    /// <summary>For a push: the commit's message.</summary>
    public string? Message { get; init; }

    /// <summary>Set before anything is done: what environments ask for, by name.</summary>
    public IReadOnlyDictionary<string, JsonElement> Environments { get; init; } = new Dictionary<string, JsonElement>(StringComparer.Ordinal);

    /// <summary>Set before anything is done: variables of the project, as the API takes them, by name.</summary>
    public IReadOnlyDictionary<string, IReadOnlyList<JsonElement>> Variables { get; init; } = new Dictionary<string, IReadOnlyList<JsonElement>>(StringComparer.Ordinal);

    /// <summary>Set before anything is done: secrets of the project, as the API takes them, by name.</summary>
    public IReadOnlyDictionary<string, JsonElement> Secrets { get; init; } = new Dictionary<string, JsonElement>(StringComparer.Ordinal);

    /// <summary>For what is said about a job: its key.</summary>
    public string? Job { get; init; }

    /// <summary>For a rerun: it goes on where it failed.</summary>
    public bool FromFailedStep { get; init; }

    /// <summary>For an answer: the step did its work.</summary>
    public bool Ran { get; init; }

    /// <summary>A part of what the server says to refuse the request; nothing may come of it then.</summary>
    public string? Problem { get; init; }

    /// <summary>For a start: the body of the request.</summary>
    public JsonElement? Request { get; init; }

    /// <summary>False when nothing may come of it.</summary>
    public bool Started { get; init; } = true;

    /// <summary>All that come of it, in the order of their numbers.</summary>
    public IReadOnlyList<ExpectedBuild>? Builds { get; init; }
}

internal enum Deed
{
    /// <summary>A commit with the act's files is pushed.</summary>
    Push,

    /// <summary>Someone starts a build by hand.</summary>
    Start,

    /// <summary>The clock starts a build; nothing is done but wait.</summary>
    Schedule,

    /// <summary>The last build is canceled.</summary>
    Cancel,

    /// <summary>The last build is started again.</summary>
    Retry,

    /// <summary>A deployment of the last build is approved.</summary>
    Approve,

    /// <summary>A deployment of the last build is rejected.</summary>
    Reject,

    /// <summary>The act's job, or all that failed, runs again in the last build.</summary>
    Rerun,

    /// <summary>What the act's job asks about a step that runs once is answered.</summary>
    Answer,
}
