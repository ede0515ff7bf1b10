using System.Globalization;
using System.Text.Json;

namespace PRTS.Pipelines.Expressions;

/// <summary>toJSON and fromJSON. What is written looks as GitHub's runner writes it: two spaces a level, only what must be escaped.</summary>
internal static class Json
{
    private const int MaximumDepth = 50;

    /// <exception cref="ExpressionException">The result is too long.</exception>
    public static string Write(ExpressionValue value)
    {
        var result = new LimitedText("toJSON");
        Write(result, value, 1);
        return result.ToString();
    }

    /// <exception cref="ExpressionException">The text is not JSON, or too deep.</exception>
    public static ExpressionValue Read(string text)
    {
        try
        {
            using var document = JsonDocument.Parse(text, new JsonDocumentOptions { MaxDepth = MaximumDepth, AllowTrailingCommas = true, CommentHandling = JsonCommentHandling.Skip });
            return Read(document.RootElement);
        }
        catch (Exception malformed) when (malformed is JsonException or InvalidOperationException or ArgumentException)
        {
            // The latter two: half of a surrogate pair, as it is or escaped.
            throw new ExpressionException($"fromJSON: this is not JSON: {malformed.Message}");
        }
    }

    private static ExpressionValue Read(JsonElement element) => element.ValueKind switch
    {
        JsonValueKind.True => ExpressionValue.True,
        JsonValueKind.False => ExpressionValue.False,
        JsonValueKind.Number => ExpressionValue.Of(element.GetDouble()),
        JsonValueKind.String => ExpressionValue.Of(element.GetString()),
        JsonValueKind.Array => ExpressionValue.Of(element.EnumerateArray().Select(Read)),
        JsonValueKind.Object => ExpressionValue.Of(element.EnumerateObject().Select(member => KeyValuePair.Create(member.Name, Read(member.Value)))),
        _ => ExpressionValue.Null,
    };

    private static void Write(LimitedText result, ExpressionValue value, int level)
    {
        switch (value.Kind)
        {
            case ValueKind.Null: result.Append("null"); break;
            case ValueKind.Text: WriteText(result, value.AsText); break;
            case ValueKind.Array: WriteAll(result, "[]", value.Items, level, item => Write(result, item, level + 1)); break;
            case ValueKind.Object: WriteAll(result, "{}", value.Members, level, member => WriteMember(result, member, level)); break;
            default: result.Append(value.AsText); break;
        }
    }

    private static void WriteAll<T>(LimitedText result, string brackets, IReadOnlyList<T> items, int level, Action<T> write)
    {
        result.Append(brackets.AsSpan(0, 1));
        foreach (var (index, item) in items.Index())
        {
            result.Append(index > 0 ? ",\n" : "\n");
            result.Append(new string(' ', level * 2));
            write(item);
        }

        if (items.Count > 0)
        {
            result.Append("\n");
            result.Append(new string(' ', (level - 1) * 2));
        }

        result.Append(brackets.AsSpan(1));
    }

    private static void WriteMember(LimitedText result, KeyValuePair<string, ExpressionValue> member, int level)
    {
        WriteText(result, member.Key);
        result.Append(": ");
        Write(result, member.Value, level + 1);
    }

    private static void WriteText(LimitedText result, string text)
    {
        result.Append("\"");
        foreach (var character in text)
        {
            switch (character)
            {
                case '"': result.Append("\\\""); break;
                case '\\': result.Append("\\\\"); break;
                case '\b': result.Append("\\b"); break;
                case '\f': result.Append("\\f"); break;
                case '\n': result.Append("\\n"); break;
                case '\r': result.Append("\\r"); break;
                case '\t': result.Append("\\t"); break;
                case < ' ' or '\u0085' or '\u2028' or '\u2029':
                    result.Append("\\u" + ((int)character).ToString("x4", CultureInfo.InvariantCulture));
                    break;
                default: result.Append([character]); break;
            }
        }

        result.Append("\"");
    }
}
