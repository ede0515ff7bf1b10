using PRTS.Pipelines.Expressions;
using PRTS.Pipelines.Parsing;

namespace PRTS.Pipelines.Validation;

/// <summary>When a text is evaluated, and so what its expressions can see.</summary>
internal enum Evaluated
{
    /// <summary>In a step, which sees everything.</summary>
    InStep = 0,

    /// <summary>Before the job starts.</summary>
    BeforeJob,

    /// <summary>Before anything of the build starts.</summary>
    BeforeBuild,
}

/// <summary>The one place where the parser meets the expression language.</summary>
internal static class ExpressionCheck
{
    private const string Open = "${{";

    private static readonly string[] OfBuild = ["build", "inputs"];
    private static readonly string[] OfJob = ["build", "env", "inputs", "matrix", "needs", "variables", "vars"];

    /// <summary>Checks every <c>${{ }}</c> of a text.</summary>
    public static void Template(YamlScalar scalar, ErrorList errors, Evaluated when = Evaluated.InStep)
    {
        if (!scalar.Value.Contains(Open, StringComparison.Ordinal)) return;
        var malformed = Expressions.Template.Errors(scalar.Value).ToList();
        foreach (var error in malformed)
            errors.Add(DiagnosticCodes.BadExpression, scalar.PlaceOf(error.Position), error.Message);
        if (malformed.Count > 0) return;
        var template = Expressions.Template.Parse(scalar.Value);
        foreach (var (expression, start) in template.Expressions) errors.References.Add(expression, scalar, start, when);
        if (when == Evaluated.InStep) return;
        Sees(template.Contexts, template.AsksForFiles, when, scalar.PlaceOf(scalar.Value.IndexOf(Open, StringComparison.Ordinal)), errors);
    }

    /// <summary>Otherwise the job would fail at its turn, with the same words for whoever pushed.</summary>
    private static void Sees(IEnumerable<string> contexts, bool files, Evaluated when, Place at, ErrorList errors)
    {
        var known = when == Evaluated.BeforeBuild ? OfBuild : OfJob;
        var what = when == Evaluated.BeforeBuild ? "the build" : "the job";
        foreach (var context in contexts.Where(context => !known.Contains(context, StringComparer.OrdinalIgnoreCase)))
            errors.Add(DiagnosticCodes.BadExpression, at, $"`{context}` cannot be used here, because this is evaluated before {what} starts. What can be used is {Words.And(known.Select(one => $"`{one}`"))}.");
        if (files)
            errors.Add(DiagnosticCodes.BadExpression, at, $"`hashFiles` cannot be used here, because this is evaluated before {what} starts; it works in steps, where there is a workspace.");
    }

    /// <summary>True when the expressions are well-formed and ask for nothing but the job's matrix.</summary>
    public static bool MatrixOnly(YamlScalar scalar, string key, ErrorList errors)
    {
        var malformed = Expressions.Template.Errors(scalar.Value).ToList();
        Template(scalar, errors);
        if (malformed.Count > 0) return false;
        var template = Expressions.Template.Parse(scalar.Value);
        return MatrixOnly(template.Contexts, template.NeedsRun, scalar, key, errors);
    }

    /// <summary>The condition, when it is well-formed and asks for nothing but the job's matrix; otherwise errors are added.</summary>
    public static Expression? MatrixCondition(YamlScalar scalar, string key, ErrorList errors)
    {
        if (Condition(scalar, errors) is not { } source) return null;
        var condition = Expression.Parse(source);
        return MatrixOnly(condition.Contexts, condition.AsksForStatus || condition.AsksForFiles, scalar, key, errors) ? condition : null;
    }

    private static bool MatrixOnly(IEnumerable<string> contexts, bool needsRun, YamlScalar scalar, string key, ErrorList errors)
    {
        if (!needsRun && contexts.All(context => context.Equals("matrix", StringComparison.OrdinalIgnoreCase))) return true;
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
    public static string? Condition(YamlScalar scalar, ErrorList errors, Evaluated when = Evaluated.InStep)
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
            var condition = Expression.Parse(text.ToString());
            errors.References.Add(condition, scalar, start, when);
            if (when != Evaluated.InStep) Sees(condition.Contexts, condition.AsksForFiles, when, scalar.Start, errors);
            return condition.Source.Trim();
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
