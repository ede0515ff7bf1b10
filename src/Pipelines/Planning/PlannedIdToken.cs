namespace PRTS.Pipelines.Planning;

/// <summary>A signed token that tells others which job of which build asks (OpenID Connect), given to the job when it starts.</summary>
[GenerateSerializer, Alias("prts.plan-id-token"), Immutable]
public sealed record PlannedIdToken
{
    /// <summary>The environment variable of the job's steps that has it.</summary>
    [Id(0)] public required string Variable { get; init; }

    /// <summary>Whom it is for: its <c>aud</c>.</summary>
    [Id(1)] public required IReadOnlyList<string> Audiences { get; init; }
}
