using PRTS.Api;

namespace PRTS.Scenarios;

/// <summary>What is null is not compared. Reasons, messages and names of files are a part of what there is; an empty reason means none.</summary>
internal record ExpectedBuild
{
    public RunStatus? Status { get; init; }
    public string? Reason { get; init; }
    public string? Name { get; init; }
    public string? File { get; init; }
    public string? Event { get; init; }
    public string? Ref { get; init; }
    public IReadOnlyDictionary<string, ExpectedStage>? Stages { get; init; }

    /// <summary>By key.</summary>
    public IReadOnlyDictionary<string, ExpectedJob>? Jobs { get; init; }

    /// <summary>By job's key and name: <c>build/dist</c>. No others may be there.</summary>
    public IReadOnlyDictionary<string, ExpectedArtifact>? Artifacts { get; init; }

    /// <summary>All of them.</summary>
    public IReadOnlyList<ExpectedDiagnostic>? Diagnostics { get; init; }

    /// <summary>Some of them.</summary>
    public IReadOnlyList<ExpectedDiagnostic>? DiagnosticsHave { get; init; }
}

internal sealed record ExpectedStage
{
    public RunStatus? Status { get; init; }
    public IReadOnlyList<string>? Needs { get; init; }
}

internal sealed record ExpectedJob
{
    public RunStatus? Status { get; init; }
    public string? Reason { get; init; }
    public string? Name { get; init; }
    public string? Image { get; init; }
    public int? Attempt { get; init; }
    public IReadOnlyList<string>? Needs { get; init; }
    public IReadOnlyList<string>? RunsOn { get; init; }
    public bool? AllowFailure { get; init; }

    /// <summary>The whole log, line by line.</summary>
    public IReadOnlyList<string>? Log { get; init; }

    /// <summary>Parts of lines, which come in this order.</summary>
    public IReadOnlyList<string>? LogHas { get; init; }

    public IReadOnlyList<string>? LogLacks { get; init; }
    public IReadOnlyDictionary<string, string>? Outputs { get; init; }

    /// <summary>All of them.</summary>
    public IReadOnlyList<ExpectedStep>? Steps { get; init; }
}

internal sealed record ExpectedStep
{
    public string? Name { get; init; }
    public RunStatus? Status { get; init; }
    public string? Reason { get; init; }
    public int? ExitCode { get; init; }
}

internal sealed record ExpectedArtifact
{
    /// <summary>Content by path; all of them.</summary>
    public required IReadOnlyDictionary<string, string> Files { get; init; }

    /// <summary>Paths of those that are; none when absent.</summary>
    public IReadOnlyList<string> Executable { get; init; } = [];
}

internal sealed record ExpectedDiagnostic
{
    public required string Code { get; init; }
    public required int Line { get; init; }
    public required int Column { get; init; }
    public string? Message { get; init; }
    public string? File { get; init; }
}
