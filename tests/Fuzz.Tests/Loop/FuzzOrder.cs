using System.Text.Json;

namespace PRTS.Fuzz.Tests.Loop;

/// <summary>What a search is to do.</summary>
internal sealed record FuzzOrder
{
    /// <summary>Name of a target.</summary>
    public required string Target { get; init; }

    /// <summary>It goes on for at least this long, and until it has made <see cref="Executions"/>.</summary>
    public required int Seconds { get; init; }

    public required long Executions { get; init; }

    /// <summary>Of the random numbers.</summary>
    public required int Seed { get; init; }

    /// <summary>Whether what reaches new code is kept and changed further. Without it the search is blind.</summary>
    public bool Guided { get; init; } = true;

    /// <summary>Whether it ends with the first finding.</summary>
    public bool StopAtFirst { get; init; }

    /// <summary>Where the report goes, and <c>current</c>: the input that is being read, for when the process dies of it.</summary>
    public required string Folder { get; init; }

    public string Report => Path.Combine(Folder, "report.json");

    public string Current => Path.Combine(Folder, "current");

    public string ToJson() => JsonSerializer.Serialize(this);

    public static FuzzOrder Parse(string json) => JsonSerializer.Deserialize<FuzzOrder>(json)!;
}

/// <summary>An input that the reader does not bear.</summary>
/// <param name="What">The exception with its stack, or what else is wrong.</param>
internal sealed record Finding(string What, byte[] Input);

/// <summary>What a search came to.</summary>
/// <param name="FirstEdges">Edges of the first seed alone.</param>
/// <param name="SeedEdges">Edges of all seeds.</param>
/// <param name="Seeds">Seeds that were given.</param>
/// <param name="Corpus">Inputs that each reached something that none before did.</param>
internal sealed record FuzzReport(long Executions, int FirstEdges, int SeedEdges, int Edges, int Seeds, int Corpus, IReadOnlyList<Finding> Findings);
