namespace PRTS.Pipelines.Planning;

/// <summary>An image that a step builds from a Dockerfile. All texts may be templates; paths are relative to the workspace.</summary>
[GenerateSerializer, Alias("prts.plan-image"), Immutable]
public sealed record PlannedImage
{
    /// <summary>The folder whose files the build can copy; "" is the workspace.</summary>
    [Id(0)] public string Context { get; init; } = "";

    /// <summary>Relative to <see cref="Context"/>.</summary>
    [Id(1)] public string Dockerfile { get; init; } = "Dockerfile";

    /// <summary>The image's names; at least one.</summary>
    [Id(2)] public required IReadOnlyList<string> Tags { get; init; }

    /// <summary>The stage of the Dockerfile to stop at; null: its last.</summary>
    [Id(3)] public string? Target { get; init; }
    [Id(4)] public IReadOnlyDictionary<string, string> Args { get; init; } = new Dictionary<string, string>(StringComparer.Ordinal);

    /// <summary>Images whose layers are taken where nothing has changed.</summary>
    [Id(5)] public IReadOnlyList<string> CacheFrom { get; init; } = [];

    /// <summary>Look for newer base images.</summary>
    [Id(6)] public bool Pull { get; init; }

    /// <summary>Bring all tags to their registries.</summary>
    [Id(7)] public bool Push { get; init; }
}
