using PRTS.Pipelines.Planning;

namespace PRTS.Pipelines.Parsing;

/// <summary>A job's <c>image</c>, or one of its <c>services</c>; what belongs to the other kind is empty.</summary>
public sealed record ContainerDefinition
{
    /// <summary>May be a template.</summary>
    public required Located<string> Image { get; init; }

    /// <summary>Host name of a service.</summary>
    public string Name { get; init; } = "";
    public PullPolicy Pull { get; init; }
    public IReadOnlyDictionary<string, string> Env { get; init; } = new Dictionary<string, string>(StringComparer.Ordinal);
    public IReadOnlyList<int> Ports { get; init; } = [];
    public IReadOnlyList<string> Command { get; init; } = [];
    public PlannedHealth? Health { get; init; }
    public string? User { get; init; }
    public bool ReadOnly { get; init; }
}
