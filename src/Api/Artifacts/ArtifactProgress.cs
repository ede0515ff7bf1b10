namespace PRTS.Api.Artifacts;

/// <summary>An upload as the store has it: what is listed need not be sent again.</summary>
public sealed record ArtifactProgress
{
    public required bool Completed { get; init; }
    public required IReadOnlyList<ArtifactFile> Files { get; init; }
}
