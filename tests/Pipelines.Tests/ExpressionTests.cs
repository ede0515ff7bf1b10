using PRTS.Pipelines.Expressions;

namespace PRTS.Pipelines.Tests;

/// <summary>Runs Examples/expressions.txt, which says what expressions mean.</summary>
public class ExpressionTests
{
    private static readonly EvaluationContext Context = new()
    {
        Values = new Dictionary<string, ExpressionValue>(StringComparer.OrdinalIgnoreCase)
        {
            ["env"] = ExpressionValue.OfVariables(new Dictionary<string, string> { ["A"] = "a", ["a"] = "other", ["EMPTY"] = "" }),
            ["build"] = Contexts.Object(("number", ExpressionValue.Of(7)), ("branch", ExpressionValue.Of("main")), ("tag", ExpressionValue.Null)),
        },
    };

    public static TheoryData<string, string> Lines
    {
        get
        {
            var data = new TheoryData<string, string>();
            foreach (var line in File.ReadLines(Path.Combine(AppContext.BaseDirectory, "Examples", "expressions.txt")).Where(line => line.Length > 0 && line[0] != '#'))
            {
                var arrow = line.LastIndexOf("=>", StringComparison.Ordinal);
                data.Add(line[..arrow].Trim(), line[(arrow + 2)..].Trim());
            }

            return data;
        }
    }

    [Theory]
    [MemberData(nameof(Lines))]
    public void Evaluate_IsWhatTheExampleSays(string source, string expected)
    {
        if (!expected.StartsWith('!'))
            Assert.Equal(expected, Expression.Parse(source).Evaluate(Context).AsText);
        else
            Assert.Contains(expected[1..].Trim(), Assert.Throws<ExpressionException>(() => Expression.Parse(source).Evaluate(Context)).Message, StringComparison.Ordinal);
    }
}
