using CsCheck;
using PRTS.Pipelines.Expressions;

namespace PRTS.Pipelines.Tests.Hostile;

/// <summary>Anyone who can push writes expressions, and servers evaluate them: the worst that one may do is to fail.</summary>
public class ExpressionCostTests
{
    private static readonly EvaluationContext Context = new()
    {
        Values = new Dictionary<string, ExpressionValue>
        {
            ["env"] = ExpressionValue.Of(new Dictionary<string, string> { ["LONG"] = new string('x', 100_000), ["A"] = "a" }),
            ["build"] = Contexts.Object(("number", ExpressionValue.Of(7)), ("list", ExpressionValue.Of([ExpressionValue.Of("a"), ExpressionValue.Null]))),
        },
    };

    [Theory]
    [InlineData("true", " && ", "true")]
    [InlineData("false", " || ", "false")]
    [InlineData("1", "==", "true")]
    [InlineData("1", ">", "false")]
    public void Evaluate_LongestChain_HasAValue(string operand, string symbol, string result)
    {
        var count = (ExpressionLimits.Source - operand.Length) / (operand.Length + symbol.Length);
        var chain = Expression.Parse(string.Join(symbol, Enumerable.Repeat(operand, count)));
        Assert.Equal(result, chain.Evaluate(Context).AsText);
        Assert.False(chain.AsksForStatus);
    }

    [Fact]
    public void Parse_OverlongSource_Fails() => Assert.Contains("21,000", Failure(string.Join("&&", Enumerable.Repeat("true", 100_000))), StringComparison.Ordinal);

    [Theory]
    [InlineData(100_000)]
    [InlineData(20_000)]
    public void Parse_DeepNesting_Fails(int depth)
    {
        foreach (var (open, close) in new[] { ("(", ")"), ("env[", "]"), ("toJSON(", ")"), ("!(", ")") })
            Assert.NotEmpty(Failure(string.Concat(Enumerable.Repeat(open, depth)) + "1" + string.Concat(Enumerable.Repeat(close, depth))));
    }

    [Fact]
    public void ToJson_OfItselfAgainAndAgain_Fails()
    {
        var doubling = "'\"'";
        for (var i = 0; i < 45; i++)
            doubling = $"toJSON({doubling})";
        Assert.Contains("longer than", Failure(doubling), StringComparison.Ordinal);
    }

    [Fact]
    public void Join_LongSeparator_Fails() =>
        Assert.Contains("longer than", Failure($"join(fromJSON('[{string.Join(',', Enumerable.Repeat("0", 9_000))}]'), env.LONG)"), StringComparison.Ordinal);

    [Fact]
    public void Format_LongResult_Fails() =>
        Assert.Contains("longer than", Failure($"format('{string.Concat(Enumerable.Repeat("{0}", 6_000))}', env.LONG)"), StringComparison.Ordinal);

    [Fact]
    public void Calls_ThatEachStayWithinTheLimit_AreLimitedTogether()
    {
        var large = $"format('{string.Concat(Enumerable.Repeat("{0}", 10))}', env.LONG)";
        Assert.Contains("too much text", Failure($"format('{{0}}', {string.Join(", ", Enumerable.Repeat(large, 300))})"), StringComparison.Ordinal);
    }

    [Fact]
    public void Template_LongResult_Fails()
    {
        var template = Template.Parse(string.Concat(Enumerable.Repeat("${{ env.LONG }}", 50_000)));
        Assert.Contains("longer than", Assert.Throws<ExpressionException>(() => template.Evaluate(Context)).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("fromJSON('\"\\ud800\"')")]
    [InlineData("fromJSON('{\"\\ud800\": 1}')")]
    [InlineData("fromJSON('')")]
    [InlineData("fromJSON('{')")]
    public void FromJson_NoText_Fails(string source) => Assert.StartsWith("fromJSON: ", Failure(source), StringComparison.Ordinal);

    [Fact]
    public void Anything_IsAValueOrAnExpressionException()
    {
        var word = Gen.OneOf("env", "build", "A", "list", ".", ".", "*", "[", "]", "(", ")", ",", "!", "<", ">=", "==", "!=", "&&", "||", "'a'", "'", "0x1f", "-1.5e3",
            ".5", "NaN", "Infinity", "null", "true", "format(", "'{0}{'", "join(", "toJSON(", "fromJSON(", "contains(", "startsWith(", "hashFiles(", "success()", " ", "é", "\ud800", "\0");
        word.Array[0, 30].Sample(words =>
        {
            try
            {
                Expression.Parse(string.Concat(words)).Evaluate(Context);
            }
            catch (ExpressionException refused)
            {
                Assert.NotEmpty(refused.Message);
            }
        }, iter: 50_000);
    }

    private static string Failure(string source) => Assert.Throws<ExpressionException>(() => Expression.Parse(source).Evaluate(Context)).Message;
}
