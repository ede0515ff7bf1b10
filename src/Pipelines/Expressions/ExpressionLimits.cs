namespace PRTS.Pipelines.Expressions;

/// <summary>What an expression may cost. Expressions come from anyone who can push, and servers evaluate those of jobs.</summary>
public static class ExpressionLimits
{
    /// <summary>Characters of one expression, as in GitHub Actions.</summary>
    public const int Source = 21_000;

    /// <summary>Characters of a function's or a template's result.</summary>
    public const int Text = 1024 * 1024;

    /// <summary>Characters and items that go into and come out of all functions of one evaluation.</summary>
    public const long Work = 8 * 1024 * 1024;
}
