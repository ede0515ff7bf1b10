namespace PRTS.Pipelines.Expressions;

/// <summary>A text with <c>${{ expressions }}</c> in it.</summary>
public sealed class Template
{
    private const string Open = "${{";
    private const string Close = "}}";

    private readonly List<(string Text, Expression? Expression)> parts = [];

    private Template()
    {
    }

    /// <summary>Whether there is any expression in it.</summary>
    public bool HasExpressions => parts.Any(part => part.Expression is not null);

    /// <exception cref="ExpressionException">An expression is malformed or not closed; the position counts in the whole text.</exception>
    public static Template Parse(string text)
    {
        var template = new Template();
        var at = 0;
        for (var open = text.IndexOf(Open, StringComparison.Ordinal); open >= 0; open = text.IndexOf(Open, at, StringComparison.Ordinal))
        {
            template.parts.Add((text[at..open], null));
            var start = open + Open.Length;
            var end = End(text, start);
            if (end < 0)
                throw new ExpressionException("'${{' is not closed by '}}'.", open);
            template.parts.Add(("", ParseAt(text[start..end], start)));
            at = end + Close.Length;
        }

        template.parts.Add((text[at..], null));
        return template;
    }

    /// <exception cref="ExpressionException">See <see cref="Expression.Evaluate"/>; or the text becomes too long.</exception>
    public string Evaluate(EvaluationContext context)
    {
        if (parts.Count == 1)
            return parts[0].Text;
        var result = new LimitedText("the expressions in this text");
        foreach (var (text, expression) in parts)
            result.Append(expression is null ? text : expression.Evaluate(context).AsText);
        return result.ToString();
    }

    /// <summary>Evaluates the text in one go; a text without expressions is returned as it is.</summary>
    public static string Evaluate(string text, EvaluationContext context) =>
        text.Contains(Open, StringComparison.Ordinal) ? Parse(text).Evaluate(context) : text;

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

    private static Expression ParseAt(string source, int offset)
    {
        try
        {
            return Expression.Parse(source);
        }
        catch (ExpressionException malformed)
        {
            throw new ExpressionException(malformed.Message, malformed.Position + offset);
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
