using System.Text.Json;
using System.Text.Json.Serialization;
using PRTS.Pipelines.Planning;

namespace PRTS.Api;

/// <summary>The one way in which plans are written as JSON: the same plan has the same bytes, wherever it was made.</summary>
[JsonSourceGenerationOptions(JsonSerializerDefaults.Web, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull, WriteIndented = true)]
[JsonSerializable(typeof(BuildPlan))]
public sealed partial class PlanJson : JsonSerializerContext
{
    public static byte[] Write(BuildPlan plan) => JsonSerializer.SerializeToUtf8Bytes(plan, Default.BuildPlan);

    /// <exception cref="JsonException">It is no plan.</exception>
    public static BuildPlan Read(ReadOnlySpan<byte> json) => JsonSerializer.Deserialize(json, Default.BuildPlan) ?? throw new JsonException("This is no plan.");
}
