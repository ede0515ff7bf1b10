using System.Text;

namespace PRTS.Pipelines.Expressions;

/// <summary>A text with <c>${{ expressions }}</c> in it.</summary>
public sealed class Template
{
    private const string Open = "${{";
    private const string Close = "}}";

    private readonly List<(string Text, Expression? Expression, int Start)> parts = [];

    private Template()
    {
    }

    /// <summary>Whether there is any expression in it.</summary>
    public bool HasExpressions => parts.Any(part => part.Expression is not null);

    /// <summary>The expressions, and where the source of each begins in the text.</summary>
    internal IEnumerable<(Expression Expression, int Start)> Expressions => parts.Where(part => part.Expression is not null).Select(part => (part.Expression!, part.Start));

    /// <summary>Names of the contexts that its expressions use.</summary>
    public IEnumerable<string> Contexts => parts.SelectMany(part => part.Expression?.Contexts ?? Enumerable.Empty<string>()).Distinct(StringComparer.OrdinalIgnoreCase);

    /// <summary>Whether an expression asks for how the job goes or for its files.</summary>
    public bool NeedsRun => parts.Any(part => part.Expression is { } expression && (expression.AsksForStatus || expression.AsksForFiles));

    /// <summary>Whether an expression asks for files of the workspace.</summary>
    public bool AsksForFiles => parts.Any(part => part.Expression is { AsksForFiles: true });

    /// <exception cref="ExpressionException">An expression is malformed or not closed; the position counts in the whole text.</exception>
    public static Template Parse(string text)
    {
        var template = new Template();
        var at = 0;
        foreach (var (open, end) in Places(text))
        {
            template.parts.Add((text[at..open], null, at));
            template.parts.Add(("", ParseAt(text, open, end), open + Open.Length));
            at = end + Close.Length;
        }

        template.parts.Add((text[at..], null, at));
        return template;
    }

    /// <summary>Everything for which <see cref="Parse"/> would throw.</summary>
    public static IEnumerable<ExpressionException> Errors(string text)
    {
        foreach (var (open, end) in Places(text))
        {
            ExpressionException malformed;
            try
            {
                ParseAt(text, open, end);
                continue;
            }
            catch (ExpressionException caught)
            {
                malformed = caught;
            }

            yield return malformed;
        }
    }

    /// <exception cref="ExpressionException">See <see cref="Expression.Evaluate"/>; or the text becomes too long.</exception>
    public string Evaluate(EvaluationContext context)
    {
        if (parts.Count == 1)
            return parts[0].Text;
        var result = new LimitedText("the expressions in this text");
        foreach (var (text, expression, _) in parts)
            result.Append(expression is null ? text : expression.Evaluate(context).AsText);
        return result.ToString();
    }

    /// <summary>Evaluates the text in one go; a text without expressions is returned as it is.</summary>
    public static string Evaluate(string text, EvaluationContext context) =>
        text.Contains(Open, StringComparison.Ordinal) ? Parse(text).Evaluate(context) : text;

    /// <summary>The text with each expression as <paramref name="rewrite"/> makes it of what stands between the braces and of its position: another expression, or a value.</summary>
    /// <param name="plain">The text is one expression, and became a number or flag.</param>
    /// <exception cref="ExpressionException">An expression is malformed or not closed.</exception>
    internal static string Rewrite(string text, Func<string, int, (string Expression, string? Value, bool Plain)> rewrite, out bool plain)
    {
        var result = new StringBuilder();
        var at = 0;
        plain = false;
        foreach (var (open, end) in Places(text))
        {
            _ = ParseAt(text, open, end);
            var start = open + Open.Length;
            var (expression, value, isPlain) = rewrite(text[start..end], start);
            result.Append(text, at, open - at).Append(value ?? $"{Open}{expression}{Close}");
            at = end + Close.Length;
            plain = isPlain && open == 0 && at == text.Length;
        }

        return result.Append(text, at, text.Length - at).ToString();
    }

    /// <summary>The same text as one expression, without braces.</summary>
    internal static string AsExpression(string text)
    {
        var (format, expressions, at) = (new StringBuilder(), new List<string>(), 0);
        foreach (var (open, end) in Places(text))
        {
            if (end < 0) break;
            if (open == 0 && end + Close.Length == text.Length) return text[Open.Length..end].Trim();
            format.Append(Literal(text[at..open])).Append('{').Append(expressions.Count).Append('}');
            expressions.Add(text[(open + Open.Length)..end].Trim());
            at = end + Close.Length;
        }

        return $"format('{format}{Literal(text[at..])}'{string.Concat(expressions.Select(expression => $", {expression}"))})";

        static string Literal(string part) => part.Replace("'", "''", StringComparison.Ordinal).Replace("{", "{{", StringComparison.Ordinal).Replace("}", "}}", StringComparison.Ordinal);
    }

    /// <summary>The closing braces that do not stand inside a quoted text.</summary>
    private static int End(string text, int start)
    {
        var quoted = false;
        for (var at = start; at < text.Length - 1; at++)
        {
            if (text[at] == '\'')
                quoted = !quoted;
            else if (!quoted && text[at] == '}' && text[at + 1] == '}')
                return at;
        }

        return -1;
    }

    /// <summary>Where expressions open and close; the end is negative, and the last, when one is not closed.</summary>
    private static IEnumerable<(int Open, int End)> Places(string text)
    {
        for (var open = text.IndexOf(Open, StringComparison.Ordinal); open >= 0;)
        {
            var end = End(text, open + Open.Length);
            yield return (open, end);
            open = end < 0 ? -1 : text.IndexOf(Open, end + Close.Length, StringComparison.Ordinal);
        }
    }

    private static Expression ParseAt(string text, int open, int end)
    {
        if (end < 0)
            throw new ExpressionException("'${{' is not closed by '}}'.", open);
        var start = open + Open.Length;
        try
        {
            return Expression.Parse(text[start..end]);
        }
        catch (ExpressionException malformed)
        {
            throw new ExpressionException(malformed.Message, malformed.Position + start);
        }
    }
}

/// <summary>Decides the <c>if</c> of a job or step.</summary>
public static class ConditionEvaluator
{
    /// <summary>The expression of an <c>if</c>: <c>${{ }}</c> around it may be left out.</summary>
    /// <exception cref="ExpressionException">It is malformed.</exception>
    public static Expression Parse(string condition)
    {
        var text = condition.Trim();
        var wrapped = text.StartsWith("${{", StringComparison.Ordinal) && text.EndsWith("}}", StringComparison.Ordinal)
            && text.IndexOf("${{", 3, StringComparison.Ordinal) < 0;
        return Expression.Parse(wrapped ? text[3..^2] : text);
    }

    /// <summary>
    /// Whether it runs. No condition means <c>success()</c>; one that calls no status function means <c>success() &amp;&amp; (…)</c>.
    /// </summary>
    /// <exception cref="ExpressionException">It is malformed or can't be evaluated.</exception>
    public static bool Runs(string? condition, EvaluationContext context)
    {
        if (string.IsNullOrWhiteSpace(condition))
            return context.Condition == JobCondition.Success;
        var expression = Parse(condition);
        return (expression.AsksForStatus || context.Condition == JobCondition.Success) && expression.Evaluate(context).IsTrue;
    }
}
