using System.Text;
using System.Text.Json;
using Npgsql;
using PRTS.Api;

namespace PRTS.Storage.Postgres;

/// <summary>Records of the API as jsonb, in the API's own JSON dialect.</summary>
internal static class Document
{
    private const string Nul = "\\u0000";

    public static string From<T>(T value) => WithoutNul(JsonSerializer.Serialize(value, ApiJson.Options));

    public static T Read<T>(NpgsqlDataReader reader, int column) =>
        JsonSerializer.Deserialize<T>(reader.GetString(column), ApiJson.Options) ?? throw new InvalidDataException($"A stored {typeof(T).Name} is null.");

    public static T Read<T>(NpgsqlDataReader reader) => Read<T>(reader, 0);

    /// <summary>jsonb refuses NUL characters, which a step's output may well contain: they become U+FFFD.</summary>
    private static string WithoutNul(string json)
    {
        if (!json.Contains(Nul, StringComparison.Ordinal)) return json;
        var clean = new StringBuilder(json.Length);
        for (var at = 0; at < json.Length; at++)
        {
            if (json[at] != '\\')
            {
                clean.Append(json[at]);
            }
            else if (json.AsSpan(at).StartsWith(Nul, StringComparison.Ordinal))
            {
                clean.Append('\uFFFD');
                at += Nul.Length - 1;
            }
            else
            {
                // An escape is taken as a pair, so that an escaped backslash before "u0000" stays text.
                clean.Append(json[at]).Append(json[++at]);
            }
        }

        return clean.ToString();
    }
}
