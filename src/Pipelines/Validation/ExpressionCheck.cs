using PRTS.Pipelines.Parsing;

namespace PRTS.Pipelines.Validation;

/// <summary>The one place where the parser meets the expression language.</summary>
internal static class ExpressionCheck
{
    /// <summary>Checks every <c>${{ }}</c> of a text.</summary>
    public static void Template(YamlScalar scalar, ErrorList errors)
    {
        var at = 0;
        while ((at = scalar.Value.IndexOf("${{", at, StringComparison.Ordinal)) >= 0)
        {
            var end = scalar.Value.IndexOf("}}", at, StringComparison.Ordinal);
            if (end < 0)
            {
                errors.Add(DiagnosticCodes.BadExpression, scalar.PlaceOf(at), "`${{` has no closing `}}`.");
                return;
            }

            at = end;
        }
    }

    /// <summary>True when the text has no expression; otherwise an error is added.</summary>
    public static bool Absent(YamlScalar scalar, string key, ErrorList errors)
    {
        var at = scalar.Value.IndexOf("${{", StringComparison.Ordinal);
        if (at < 0) return true;
        errors.Add(DiagnosticCodes.BadExpression, scalar.PlaceOf(at), $"`{key}` is needed before anything runs, so it cannot have expressions; write it out.");
        return false;
    }

    /// <summary>The condition without <c>${{ }}</c>, checked; null when it is wrong.</summary>
    public static string? Condition(YamlScalar scalar, ErrorList errors)
    {
        var text = scalar.Value.Trim();
        if (text.StartsWith("${{", StringComparison.Ordinal) && text.EndsWith("}}", StringComparison.Ordinal))
            text = text[3..^2].Trim();
        if (text.Contains("${{", StringComparison.Ordinal))
        {
            errors.Add(DiagnosticCodes.BadExpression, scalar.PlaceOf(scalar.Value.IndexOf("${{", StringComparison.Ordinal)),
                "Only a part of this condition is in `${{ }}`, which would always be true; put all of it inside, or remove `${{` and `}}`.");
            return null;
        }

        if (text.Length > 0) return text;
        errors.Add(DiagnosticCodes.BadExpression, scalar.Start, "The condition is empty; write for example `success()` or remove `if`.");
        return null;
    }
}
