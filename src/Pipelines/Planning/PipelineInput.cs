namespace PRTS.Pipelines.Planning;

/// <summary>What a person can give.</summary>
[GenerateSerializer, Alias("prts.input-type")]
public enum InputType
{
    String = 0,
    Number = 1,
    Boolean = 2,

    /// <summary>One of the options.</summary>
    Choice = 3,
}

/// <summary>Something that a manual run of a pipeline is asked for.</summary>
[GenerateSerializer, Alias("prts.pipeline-input"), Immutable]
public sealed record PipelineInput
{
    [Id(0)] public required string Name { get; init; }
    [Id(1)] public InputType Type { get; init; }
    [Id(2)] public string Description { get; init; } = "";

    /// <summary>As it is written; null: none.</summary>
    [Id(3)] public string? Default { get; init; }

    /// <summary>A manual run without it is refused, unless it has a default.</summary>
    [Id(4)] public bool Required { get; init; }

    /// <summary>Of a choice.</summary>
    [Id(5)] public IReadOnlyList<string> Options { get; init; } = [];

    /// <summary>Letters, digits, <c>_</c> and <c>-</c>, beginning with a letter or <c>_</c>; at most 100 characters.</summary>
    public static bool IsName(string name) =>
        name.Length is > 0 and <= 100 && (char.IsAsciiLetter(name[0]) || name[0] == '_') && name.All(c => char.IsAsciiLetterOrDigit(c) || c is '_' or '-');
}
