using System.Text;
using System.Text.Json;

namespace PRTS.Pipelines.Expressions;

/// <param name="Least">Fewest arguments.</param>
/// <param name="Most">Most arguments.</param>
internal sealed record Function(string Name, int Least, int Most, Func<IReadOnlyList<ExpressionValue>, EvaluationContext, ExpressionValue> Apply)
{
    /// <summary>True for those that look at how the job went; an <c>if</c> without any means <c>success()</c> and itself.</summary>
    public bool IsStatus { get; init; }

    public string Arity => (Least, Most) switch
    {
        var (least, most) when least == most => least == 1 ? "1 argument" : $"{least} arguments",
        (_, int.MaxValue) => $"{Least} or more arguments",
        _ => $"{Least} to {Most} arguments",
    };
}

internal static class Functions
{
    private const int MaximumText = 10 * 1024 * 1024;

    private static readonly Dictionary<string, Function> All = new Function[]
    {
        new("contains", 2, 2, (a, _) => ExpressionValue.Of(Contains(a[0], a[1]))),
        new("startsWith", 2, 2, (a, _) => ExpressionValue.Of(Primitive(a) && a[0].AsText.StartsWith(a[1].AsText, StringComparison.OrdinalIgnoreCase))),
        new("endsWith", 2, 2, (a, _) => ExpressionValue.Of(Primitive(a) && a[0].AsText.EndsWith(a[1].AsText, StringComparison.OrdinalIgnoreCase))),
        new("format", 1, int.MaxValue, (a, _) => ExpressionValue.Of(Format(a))),
        new("join", 1, 2, (a, _) => ExpressionValue.Of(Join(a))),
        new("toJSON", 1, 1, (a, _) => ExpressionValue.Of(Json.Write(a[0]))),
        new("fromJSON", 1, 1, (a, _) => Json.Read(a[0].AsText)),
        new("hashFiles", 1, 255, (a, context) => ExpressionValue.Of(HashFiles(a, context))),
        new("success", 0, 0, (_, context) => ExpressionValue.Of(context.Condition == JobCondition.Success)) { IsStatus = true },
        new("failure", 0, 0, (_, context) => ExpressionValue.Of(context.Condition == JobCondition.Failure)) { IsStatus = true },
        new("cancelled", 0, 0, (_, context) => ExpressionValue.Of(context.Condition == JobCondition.Cancelled)) { IsStatus = true },
        new("always", 0, 0, (_, _) => ExpressionValue.True) { IsStatus = true },
    }.ToDictionary(function => function.Name, StringComparer.OrdinalIgnoreCase);

    public static IEnumerable<string> Names => All.Keys;

    public static Function? Find(string name) => All.GetValueOrDefault(name);

    private static bool Primitive(IReadOnlyList<ExpressionValue> values) => values.All(value => value.Kind is not (ValueKind.Array or ValueKind.Object));

    private static bool Contains(ExpressionValue search, ExpressionValue item) => search.Kind switch
    {
        ValueKind.Array => search.Items.Any(candidate => Comparisons.AreEqual(candidate, item)),
        ValueKind.Object => false,
        _ => item.Kind is not (ValueKind.Array or ValueKind.Object) && search.AsText.Contains(item.AsText, StringComparison.OrdinalIgnoreCase),
    };

    private static string Join(IReadOnlyList<ExpressionValue> arguments)
    {
        if (arguments[0].Kind == ValueKind.Object)
            return "";
        if (arguments[0].Kind != ValueKind.Array)
            return arguments[0].AsText;
        return Limited(string.Join(arguments.Count > 1 ? arguments[1].AsText : ",", arguments[0].Items.Select(item => item.AsText)));
    }

    private static string HashFiles(IReadOnlyList<ExpressionValue> patterns, EvaluationContext context) => context.HashFiles is { } hash
        ? hash([.. patterns.Select(pattern => pattern.AsText)])
        : throw new ExpressionException("hashFiles works in steps only, where there is a workspace.");

    private static string Format(IReadOnlyList<ExpressionValue> arguments)
    {
        var pattern = arguments[0].AsText;
        var result = new StringBuilder();
        for (var at = 0; at < pattern.Length; at++)
        {
            var doubled = at + 1 < pattern.Length && pattern[at + 1] == pattern[at];
            if (pattern[at] is '{' or '}' && doubled)
            {
                result.Append(pattern[at++]);
            }
            else if (pattern[at] == '{')
            {
                var close = pattern.IndexOf('}', at);
                if (close < 0 || !int.TryParse(pattern.AsSpan(at + 1, close - at - 1), System.Globalization.NumberStyles.None, null, out var index) || index > arguments.Count - 2)
                    throw new ExpressionException($"format('{pattern}', …): at {at + 1} a place such as {{0}} with an argument for it is expected; a brace itself is written twice.");
                result.Append(arguments[index + 1].AsText);
                at = close;
            }
            else if (pattern[at] == '}')
            {
                throw new ExpressionException($"format('{pattern}', …): the brace at {at + 1} closes nothing; a brace itself is written twice.");
            }
            else
            {
                result.Append(pattern[at]);
            }

            if (result.Length > MaximumText)
                Limited(result.ToString());
        }

        return result.ToString();
    }

    private static string Limited(string text) =>
        text.Length <= MaximumText ? text : throw new ExpressionException($"The result is longer than {MaximumText / 1024 / 1024} Mi characters.");
}

/// <summary>toJSON and fromJSON.</summary>
internal static class Json
{
    private static readonly JsonWriterOptions Indented = new() { Indented = true, Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping, NewLine = "\n" };

    public static string Write(ExpressionValue value)
    {
        using var bytes = new MemoryStream();
        using (var writer = new Utf8JsonWriter(bytes, Indented))
            Write(writer, value);
        return Encoding.UTF8.GetString(bytes.ToArray());
    }

    public static ExpressionValue Read(string text)
    {
        try
        {
            using var document = JsonDocument.Parse(text, new JsonDocumentOptions { MaxDepth = 50, AllowTrailingCommas = true, CommentHandling = JsonCommentHandling.Skip });
            return Read(document.RootElement);
        }
        catch (JsonException malformed)
        {
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

    private static void Write(Utf8JsonWriter writer, ExpressionValue value)
    {
        switch (value.Kind)
        {
            case ValueKind.Null: writer.WriteNullValue(); break;
            case ValueKind.Boolean: writer.WriteBooleanValue(value.IsTrue); break;
            case ValueKind.Number when double.IsFinite(value.AsNumber): writer.WriteRawValue(value.AsText); break;
            case ValueKind.Array:
                writer.WriteStartArray();
                foreach (var item in value.Items)
                    Write(writer, item);
                writer.WriteEndArray();
                break;
            case ValueKind.Object:
                writer.WriteStartObject();
                foreach (var (name, member) in value.Members)
                {
                    writer.WritePropertyName(name);
                    Write(writer, member);
                }

                writer.WriteEndObject();
                break;
            default: writer.WriteStringValue(value.AsText); break;
        }
    }
}
