using System.Text.Json;
using System.Text.Json.Serialization;
using PRTS.Pipelines.Planning;

namespace PRTS.Execution.Images;

/// <summary>All that the process of a step needs that builds an image. A file in the job's directory, which steps cannot see.</summary>
internal sealed record ImageBuildOrder
{
    public required string JobDirectory { get; init; }
    public required string WorkDirectory { get; init; }

    /// <summary>Of a network that is made for the build: whose it is.</summary>
    public required IReadOnlyDictionary<string, string> Labels { get; init; }

    /// <summary>The network that the Dockerfile's commands stand in: the job's, or one that is made for this build.</summary>
    public required string Network { get; init; }

    /// <summary>File of the <see cref="BuildRecord"/>.</summary>
    public required string Record { get; init; }

    /// <summary>The engine's socket.</summary>
    public required string Engine { get; init; }

    /// <summary>The <c>config.json</c> with the registries' credentials.</summary>
    public required string Credentials { get; init; }

    /// <summary>Where the step's outputs go.</summary>
    public required string Outputs { get; init; }

    /// <summary>With its expressions evaluated.</summary>
    public required PlannedImage Image { get; init; }

    public void Write(string path) => File.WriteAllBytes(path, JsonSerializer.SerializeToUtf8Bytes(this, ImageBuildJson.Default.ImageBuildOrder));

    public static ImageBuildOrder Read(string path) =>
        JsonSerializer.Deserialize(File.ReadAllBytes(path), ImageBuildJson.Default.ImageBuildOrder) ?? throw new InvalidDataException($"{path} is empty.");
}

[JsonSerializable(typeof(ImageBuildOrder))]
[JsonSerializable(typeof(string[]))]
internal sealed partial class ImageBuildJson : JsonSerializerContext;
