using PRTS.Pipelines.Expressions;

namespace PRTS.Pipelines.Tests;

/// <summary>Details of functions in which GitHub's runner leaves no choice.</summary>
public class JsonFunctionTests
{
    [Theory]
    [InlineData("toJSON('é😀<&\u007f')", "\"é😀<&\u007f\"")]
    [InlineData("toJSON(fromJSON('\"\\u0001\\b\\f\\n\\r\\t\\u2028\\\\\"'))", "\"\\u0001\\b\\f\\n\\r\\t\\u2028\\\\\"")]
    [InlineData("toJSON(NaN)", "NaN")]
    [InlineData("toJSON(1.50)", "1.5")]
    [InlineData("toJSON(null)", "null")]
    [InlineData("toJSON(fromJSON('[]'))", "[]")]
    [InlineData("toJSON(fromJSON('{}'))", "{}")]
    [InlineData("toJSON(fromJSON('{\"a\":[1,{\"b\":true}],\"c\":\"x\"}'))", "{\n  \"a\": [\n    1,\n    {\n      \"b\": true\n    }\n  ],\n  \"c\": \"x\"\n}")]
    [InlineData("fromJSON('{\"a\":1,\"a\":2}').a", "2")]
    [InlineData("join(fromJSON('[1,2]'), fromJSON('[]'))", "1,2")]
    [InlineData("join(fromJSON('[null,true,[],{}]'), '-')", "-true-Array-Object")]
    [InlineData("(fromJSON('{\"a\":1}')).a", "1")]
    public void Evaluate_LikeTheRunner(string source, string text) =>
        Assert.Equal(text, Expression.Parse(source).Evaluate(new EvaluationContext { Values = new Dictionary<string, ExpressionValue>() }).AsText);

    [Theory]
    [InlineData("'a'.b")]
    [InlineData("'a'[0]")]
    [InlineData("1['a']")]
    [InlineData("null.a")]
    public void Parse_PropertyOfALiteral_Fails(string source) => Assert.Throws<ExpressionException>(() => Expression.Parse(source));
}
