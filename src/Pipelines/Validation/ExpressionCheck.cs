using PRTS.Pipelines.Expressions;
using PRTS.Pipelines.Parsing;

namespace PRTS.Pipelines.Validation;

/// <summary>The one place where the parser meets the expression language.</summary>
internal static class ExpressionCheck
{
    private const string Open = "${{";

    /// <summary>Checks every <c>${{ }}</c> of a text.</summary>
    public static void Template(YamlScalar scalar, ErrorList errors)
    {
        foreach (var malformed in Expressions.Template.Errors(scalar.Value))
            errors.Add(DiagnosticCodes.BadExpression, scalar.PlaceOf(malformed.Position), malformed.Message);
    }

    /// <summary>True when the expressions are well-formed and ask for nothing but the job's matrix.</summary>
    public static bool MatrixOnly(YamlScalar scalar, string key, ErrorList errors)
    {
        var malformed = Expressions.Template.Errors(scalar.Value).ToList();
        Template(scalar, errors);
        if (malformed.Count > 0) return false;
        var template = Expressions.Template.Parse(scalar.Value);
        if (!template.NeedsRun && template.Contexts.All(context => context.Equals("matrix", StringComparison.OrdinalIgnoreCase))) return true;
        errors.Add(DiagnosticCodes.BadExpression, scalar.PlaceOf(scalar.Value.IndexOf(Open, StringComparison.Ordinal)),
            $"`{key}` is needed before anything runs, so its expressions can use `matrix` only; write its value out.");
        return false;
    }

    /// <summary>True when the text has no expression; otherwise an error is added.</summary>
    public static bool Absent(YamlScalar scalar, string key, ErrorList errors)
    {
        var at = scalar.Value.IndexOf(Open, StringComparison.Ordinal);
        if (at < 0) return true;
        errors.Add(DiagnosticCodes.BadExpression, scalar.PlaceOf(at), $"`{key}` is needed before anything runs, so it cannot have expressions; write its value out.");
        return false;
    }

    /// <summary>The condition without <c>${{ }}</c>, checked; null when it is wrong.</summary>
    public static string? Condition(YamlScalar scalar, ErrorList errors)
    {
        var text = scalar.Value.AsSpan().Trim();
        var start = scalar.Value.Length - scalar.Value.AsSpan().TrimStart().Length;
        if (text.StartsWith(Open, StringComparison.Ordinal) && text.EndsWith("}}", StringComparison.Ordinal) && !text[Open.Length..].Contains(Open, StringComparison.Ordinal))
        {
            text = text[Open.Length..^2];
            start += Open.Length;
        }

        try
        {
            return Expression.Parse(text.ToString()).Source.Trim();
        }
        catch (ExpressionException malformed)
        {
            var open = text.IndexOf(Open, StringComparison.Ordinal);
            if (open >= 0)
                errors.Add(DiagnosticCodes.BadExpression, scalar.PlaceOf(start + open),
                    "Only a part of this condition is in `${{ }}`; remove `${{` and `}}`, or put the whole condition inside.");
            else
                errors.Add(DiagnosticCodes.BadExpression, scalar.PlaceOf(start + malformed.Position), malformed.Message);
            return null;
        }
    }
}
