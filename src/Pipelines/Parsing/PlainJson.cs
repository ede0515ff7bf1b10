using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace PRTS.Pipelines.Parsing;

/// <summary>Texts as JSON, with every letter as it is.</summary>
[JsonSerializable(typeof(string))]
internal sealed partial class PlainJson : JsonSerializerContext
{
    private static readonly PlainJson Relaxed = new(new JsonSerializerOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping });

    public static string Text(string text) => JsonSerializer.Serialize(text, Relaxed.String);
}
