namespace PRTS.Api.Builds;

/// <summary>A step must not run twice, and nobody knows whether it ran to its end: the job waits for a person who does.</summary>
[GenerateSerializer, Alias("prts.once-question"), Immutable]
public sealed record OnceQuestion
{
    /// <summary>The step's position in the job, from 0.</summary>
    [Id(0)] public required int Step { get; init; }
    [Id(1)] public required string Name { get; init; }

    /// <summary>What is known, in a sentence.</summary>
    [Id(2)] public required string Reason { get; init; }
}

/// <summary>The answer to a <see cref="OnceQuestion"/>.</summary>
public sealed record OnceAnswer
{
    /// <summary>Whose question it answers.</summary>
    public required int Step { get; init; }

    /// <summary>The step did its work: the job goes on without it. False: it runs.</summary>
    public required bool Ran { get; init; }
}
