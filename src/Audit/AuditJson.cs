using System.Text.Json;
using System.Text.Json.Serialization;

namespace PRTS.Audit;

/// <summary>Reads entries. What it reads and <see cref="Canonical"/> writes again is the same, byte for byte.</summary>
[JsonSourceGenerationOptions(JsonSerializerDefaults.Web, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull, NumberHandling = JsonNumberHandling.Strict)]
[JsonSerializable(typeof(AuditEntry))]
public sealed partial class AuditJson : JsonSerializerContext
{
    /// <exception cref="JsonException">It is no entry.</exception>
    public static AuditEntry Read(ReadOnlySpan<byte> canonical) => JsonSerializer.Deserialize(canonical, Default.AuditEntry) ?? throw new JsonException("An entry is null.");
}

public sealed class AuditTimeConverter : JsonConverter<DateTimeOffset>
{
    public override DateTimeOffset Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        reader.GetString() is { } text && AuditTime.TryRead(text, out var time) ? time : throw new JsonException("The time is not written as times of entries are.");

    public override void Write(Utf8JsonWriter writer, DateTimeOffset value, JsonSerializerOptions options) => writer.WriteStringValue(AuditTime.Text(value));
}

public sealed class AuditFieldsConverter : JsonConverter<AuditFields>
{
    public override AuditFields Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        var fields = new AuditFields();
        if (reader.TokenType != JsonTokenType.StartObject) throw new JsonException();
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var name = reader.GetString()!;
            reader.Read();
            fields.Restore(name, new AuditValue(Value(ref reader)));
        }

        return fields;
    }

    public override void Write(Utf8JsonWriter writer, AuditFields value, JsonSerializerOptions options) => writer.WriteRawValue(Canonical.Text(value));

    private static object? Value(ref Utf8JsonReader reader)
    {
        switch (reader.TokenType)
        {
            case JsonTokenType.Null: return null;
            case JsonTokenType.String: return reader.GetString();
            case JsonTokenType.True: return true;
            case JsonTokenType.False: return false;
            case JsonTokenType.Number: return reader.GetInt64();
            case JsonTokenType.StartArray:
                var texts = new List<string>();
                while (reader.Read() && reader.TokenType == JsonTokenType.String) texts.Add(reader.GetString()!);
                return texts.ToArray();
            default: throw new JsonException();
        }
    }
}

public sealed class AuditOutcomeJsonConverter() : JsonStringEnumConverter<AuditOutcome>(JsonNamingPolicy.CamelCase, allowIntegerValues: false);

public sealed class AuditActorKindJsonConverter() : JsonStringEnumConverter<AuditActorKind>(JsonNamingPolicy.CamelCase, allowIntegerValues: false);

public sealed class AuditViaJsonConverter() : JsonStringEnumConverter<AuditVia>(JsonNamingPolicy.CamelCase, allowIntegerValues: false);
