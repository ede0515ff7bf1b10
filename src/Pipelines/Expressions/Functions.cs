using System.Globalization;
using System.Text;
using PRTS.Pipelines.Parsing;

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
        var separator = arguments.Count > 1 && Primitive([arguments[1]]) ? arguments[1].AsText : ",";
        var result = new LimitedText("join");
        foreach (var (index, item) in arguments[0].Items.Index())
        {
            if (index > 0)
                result.Append(separator);
            result.Append(item.AsText);
        }

        return result.ToString();
    }

    private static string HashFiles(IReadOnlyList<ExpressionValue> patterns, EvaluationContext context) => context.HashFiles is { } hash
        ? hash([.. patterns.Select(pattern => pattern.AsText)])
        : throw new ExpressionException("hashFiles works in steps only, where there is a workspace.");

    private static string Format(IReadOnlyList<ExpressionValue> arguments)
    {
        var pattern = arguments[0].AsText;
        var result = new LimitedText("format");
        for (var at = 0; at < pattern.Length; at++)
        {
            var doubled = at + 1 < pattern.Length && pattern[at + 1] == pattern[at];
            if (pattern[at] is '{' or '}' && doubled)
            {
                result.Append(pattern.AsSpan(at++, 1));
            }
            else if (pattern[at] == '{')
            {
                var close = pattern.IndexOf('}', at);
                if (close < 0 || !int.TryParse(pattern.AsSpan(at + 1, close - at - 1), NumberStyles.None, CultureInfo.InvariantCulture, out var index) || index > arguments.Count - 2)
                    throw new ExpressionException($"format('{Words.Short(pattern)}', …): at {at + 1} a place such as {{0}} with an argument for it is expected; a brace itself is written twice.");
                result.Append(arguments[index + 1].AsText);
                at = close;
            }
            else if (pattern[at] == '}')
            {
                throw new ExpressionException($"format('{Words.Short(pattern)}', …): the brace at {at + 1} closes nothing; a brace itself is written twice.");
            }
            else
            {
                result.Append(pattern.AsSpan(at, 1));
            }
        }

        return result.ToString();
    }
}

/// <summary>A text under construction that stops before it is too long.</summary>
internal sealed class LimitedText(string function)
{
    private readonly StringBuilder text = new();

    public void Append(ReadOnlySpan<char> addition)
    {
        if (text.Length + (long)addition.Length > ExpressionLimits.Text)
            throw new ExpressionException($"The result of {function} is longer than {ExpressionLimits.Text / 1024 / 1024} Mi characters.");
        text.Append(addition);
    }

    public override string ToString() => text.ToString();
}
