namespace PRTS.Api.Projects;

/// <summary>What a variable of a project is to be.</summary>
public sealed record SetVariable
{
    public required string Value { get; init; }

    /// <summary>Only for jobs that deploy there; null: for all.</summary>
    public string? Environment { get; init; }

    /// <summary>Only for builds of branches like this; null: for all.</summary>
    public string? Branch { get; init; }
}
