using PRTS.Pipelines.Expressions;
using PRTS.Pipelines.Planning;

namespace PRTS.Pipelines.Parsing.Includes;

/// <summary>
/// Writes the values of a template's inputs into its nodes. Each <c>inputs.name</c> becomes its value, before anything else looks at the
/// text; what depends on nothing else after that becomes plain text, so it can stand where no expressions may.
/// </summary>
/// <param name="room">Characters that values may add.</param>
internal sealed class TemplateInputs(string file, IReadOnlyDictionary<string, string> values, long room, ErrorList errors)
{
    private const string Context = "inputs";
    private static readonly EvaluationContext Nothing = new() { Values = new Dictionary<string, ExpressionValue>(StringComparer.OrdinalIgnoreCase) };

    /// <summary>What the values say that are texts in quotes.</summary>
    private readonly Dictionary<string, string> texts = values.Values.Distinct(StringComparer.Ordinal).Where(value => value.StartsWith('\'')).ToDictionary(value => value, value => value[1..^1].Replace("''", "'", StringComparison.Ordinal), StringComparer.Ordinal);
    private long left = room;

    /// <summary>A value as an expression: a text in quotes, a number, a flag; or the expressions that stand in it.</summary>
    public static string AsExpression(PipelineInput input, string? value) =>
        value is null ? "null"
        : value.Contains("${{", StringComparison.Ordinal) ? $"({Template.AsExpression(value)})"
        : input.Type is InputType.Number or InputType.Boolean ? value
        : Quoted(value);

    /// <summary>The node with its values, at its place in the template's file.</summary>
    /// <exception cref="YamlStopException">It becomes too large.</exception>
    public YamlNode Write(YamlNode node) => node switch
    {
        YamlSequence list => new YamlSequence([.. list.Items.Select(Write)], At(list.Start)),
        YamlMapping mapping => new YamlMapping([.. mapping.Entries.Select(Write)], At(mapping.Start)),
        _ => Write((YamlScalar)node),
    };

    private YamlEntry Write(YamlEntry entry) => new(Placed(entry.Key),
        entry is { Key.Value: "if", Value: YamlScalar condition } ? Condition(condition) : Write(entry.Value));

    private YamlScalar Write(YamlScalar scalar)
    {
        if (!scalar.Value.Contains("${{", StringComparison.Ordinal)) return Placed(scalar);
        try
        {
            var text = Template.Rewrite(scalar.Value, (expression, position) => Fold(Substitute(expression, scalar, position), scalar, position), out var plain);
            return text == scalar.Value ? Placed(scalar) : new YamlScalar(text, plain: plain && scalar.Plain, At(scalar.Start), content: null);
        }
        catch (ExpressionException)
        {
            return Placed(scalar); // Whoever reads the node says what is wrong with it.
        }
    }

    private YamlScalar Condition(YamlScalar condition)
    {
        try
        {
            var text = Substitute(ConditionEvaluator.Parse(condition.Value).Source, condition, 0);
            return new YamlScalar(text, plain: false, At(condition.Start), text == condition.Value && condition.Content is { } content ? At(content) : null);
        }
        catch (ExpressionException)
        {
            return Placed(condition);
        }
    }

    /// <summary>The value of an expression that needs nothing more; null for others. Numbers and flags may stand where only such may.</summary>
    private (string Expression, string? Value, bool Plain) Fold(string source, YamlScalar scalar, int position)
    {
        // A text alone may be longer than an expression.
        if (texts.TryGetValue(source.Trim(), out var text)) return (source, text, false);
        try
        {
            var expression = Expression.Parse(source);
            if (expression.Contexts.Count > 0 || expression.AsksForFiles || expression.AsksForStatus) return (source, null, false);
            var value = expression.Evaluate(Nothing);
            return (source, value.AsText, value.Kind is ValueKind.Number or ValueKind.Boolean);
        }
        catch (ExpressionException wrong)
        {
            errors.Add(DiagnosticCodes.BadExpression, At(scalar.PlaceOf(position)), $"With the values of the template's inputs this cannot be evaluated: {wrong.Message}");
            return (source, "", false);
        }
    }

    private string Substitute(string expression, YamlScalar scalar, int position)
    {
        var tokens = Lexer.Read(expression);
        var result = new System.Text.StringBuilder();
        var copied = 0;
        for (var i = 0; i < tokens.Count; i++)
        {
            if (tokens[i].Kind != TokenKind.Name || !tokens[i].Text.Equals(Context, StringComparison.OrdinalIgnoreCase) || (i > 0 && tokens[i - 1].Text == ".")) continue;
            var place = scalar.PlaceOf(position + tokens[i].Start);
            var (name, last) = Named(tokens, i);
            if (name is null || !values.TryGetValue(name, out var value))
            {
                errors.Add(DiagnosticCodes.BadExpression, At(place), name is null
                    ? "A template names its inputs one by one: `inputs.name`."
                    : $"The template has no input `{Words.Short(name)}`.{Suggestion.Text(name, [.. values.Keys])}");
                value = "null";
            }

            // A value of many characters may stand in many places.
            if ((left -= value.Length) < 0)
                throw new YamlStopException(DiagnosticCodes.TooManyNodes, At(place), $"With its templates written out the pipeline has more than {YamlLimits.Characters:N0} characters; move long values into files of the repository.");
            result.Append(expression, copied, tokens[i].Start - copied).Append(value);
            copied = tokens[last].Start + (tokens[last].Kind == TokenKind.Name ? tokens[last].Text.Length : 1);
            i = last;
        }

        return result.Append(expression, copied, expression.Length - copied).ToString();
    }

    /// <summary>The input's name, and its last token: <c>inputs.name</c> or <c>inputs['name']</c>.</summary>
    private static (string? Name, int Last) Named(List<Token> tokens, int at) =>
        tokens[at + 1].Text == "." && tokens[at + 2].Kind == TokenKind.Name ? (tokens[at + 2].Text, at + 2)
        : tokens[at + 1] is { Kind: TokenKind.Symbol, Text: "[" } && tokens[at + 2].Kind == TokenKind.Text && tokens[at + 3].Text == "]" ? (tokens[at + 2].Text, at + 3)
        : (null, at);

    private static string Quoted(string text) => $"'{text.Replace("'", "''", StringComparison.Ordinal)}'";

    private YamlScalar Placed(YamlScalar scalar) => new(scalar.Value, scalar.Plain, At(scalar.Start), scalar.Content is { } content ? At(content) : null);

    private Place At(Place place) => place.File is null ? place with { File = file } : place;
}
