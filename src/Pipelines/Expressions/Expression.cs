namespace PRTS.Pipelines.Expressions;

/// <summary>How the job has gone so far, for <c>success()</c>, <c>failure()</c> and <c>cancelled()</c>.</summary>
public enum JobCondition
{
    Success,
    Failure,
    Cancelled,

    /// <summary>Something before was skipped: none of the three is true.</summary>
    Skipped,
}

/// <summary>What an expression can see.</summary>
public sealed record EvaluationContext
{
    /// <summary>Contexts by name, in any case (<see cref="Contexts"/>). One that is absent here is not available at this place.</summary>
    public required IReadOnlyDictionary<string, ExpressionValue> Values { get; init; }

    public JobCondition Condition { get; init; }

    /// <summary>Patterns to the hash of the files that match, empty for none; null where there is no workspace.</summary>
    public Func<IReadOnlyList<string>, string>? HashFiles { get; init; }
}

/// <summary>An expression, without <c>${{ }}</c>, ready to be evaluated any number of times.</summary>
public sealed class Expression
{
    private readonly Node root;

    private Expression(string source) => (Source, (root, AsksForStatus, AsksForFiles, Contexts)) = (source, ExpressionParser.Parse(source));

    public string Source { get; }

    /// <summary>Whether a status function is called anywhere in it.</summary>
    public bool AsksForStatus { get; }

    /// <summary>Whether <c>hashFiles</c> is called anywhere in it.</summary>
    public bool AsksForFiles { get; }

    /// <summary>Names of the contexts that it uses.</summary>
    public IReadOnlySet<string> Contexts { get; }

    /// <summary>The chains of properties in it.</summary>
    internal IEnumerable<Reference> References => Reference.In(root);

    /// <exception cref="ExpressionException">The expression is malformed.</exception>
    public static Expression Parse(string source) => new(source);

    /// <exception cref="ExpressionException">
    /// A context is not available here, a function was given what it can't take, or the work is beyond <see cref="ExpressionLimits"/>.
    /// </exception>
    public ExpressionValue Evaluate(EvaluationContext context) => new Evaluator(context).Evaluate(root);
}
