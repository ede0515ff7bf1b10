using PRTS.Pipelines.Planning;

namespace PRTS.Pipelines.Expressions;

/// <summary>The contexts that expressions know, and how they are made from plain data (docs/pipeline.md).</summary>
public static class Contexts
{
    /// <summary>All names; those that are not given to an evaluation are not available at that place.</summary>
    public static readonly IReadOnlySet<string> Names = new HashSet<string>(StringComparer.OrdinalIgnoreCase)
    {
        "env", "variables", "vars", "build", "steps", "needs", "job", "agent", "matrix", "inputs",
    };

    /// <summary>The <c>build</c> context.</summary>
    public static ExpressionValue Build(string org, string project, int number, TriggerEvent trigger, string actor, string? url) => Object(
        ("number", ExpressionValue.Of(number)),
        ("project", ExpressionValue.Of($"{org}/{project}")),
        ("ref", ExpressionValue.Of(trigger.Ref)),
        ("branch", ExpressionValue.Of(trigger.Branch)),
        ("tag", ExpressionValue.Of(trigger.Tag)),
        ("commit", ExpressionValue.Of(trigger.Commit)),
        ("event", ExpressionValue.Of(trigger.Kind)),
        ("actor", ExpressionValue.Of(actor)),
        ("url", ExpressionValue.Of(url)));

    /// <summary>One entry of <c>needs</c>. Result: <c>success</c>, <c>failure</c>, <c>cancelled</c> or <c>skipped</c>.</summary>
    public static ExpressionValue Need(string result, IReadOnlyDictionary<string, string> outputs) =>
        Object(("result", ExpressionValue.Of(result)), ("outputs", ExpressionValue.Of(outputs)));

    /// <summary>One entry of <c>steps</c>. Outcome is before <c>continue_on_error</c>, conclusion after it.</summary>
    public static ExpressionValue Step(string outcome, string conclusion, IReadOnlyDictionary<string, string> outputs) =>
        Object(("outputs", ExpressionValue.Of(outputs)), ("outcome", ExpressionValue.Of(outcome)), ("conclusion", ExpressionValue.Of(conclusion)));

    /// <summary>The <c>job</c> context. Status: <c>success</c>, <c>failure</c> or <c>cancelled</c>.</summary>
    public static ExpressionValue Job(string status) => Object(("status", ExpressionValue.Of(status)));

    /// <summary>The <c>agent</c> context. The folders are those that steps see.</summary>
    public static ExpressionValue Agent(string name, string arch, string workspace, string temp) => Object(
        ("name", ExpressionValue.Of(name)),
        ("os", ExpressionValue.Of("linux")),
        ("arch", ExpressionValue.Of(arch)),
        ("workspace", ExpressionValue.Of(workspace)),
        ("temp", ExpressionValue.Of(temp)));

    /// <summary>The contexts, and the variables under each of their names: <c>env</c>, <c>variables</c> and <c>vars</c>.</summary>
    public static IReadOnlyDictionary<string, ExpressionValue> WithVariables(
        IReadOnlyDictionary<string, ExpressionValue> contexts, IReadOnlyDictionary<string, string> variables)
    {
        var anyCase = ExpressionValue.Of(variables);
        return new Dictionary<string, ExpressionValue>(contexts, StringComparer.OrdinalIgnoreCase)
        {
            ["env"] = ExpressionValue.OfVariables(variables),
            ["variables"] = anyCase,
            ["vars"] = anyCase,
        };
    }

    /// <summary>The <c>matrix</c> or <c>inputs</c> context: each value is JSON.</summary>
    public static ExpressionValue Json(IReadOnlyDictionary<string, string> values) =>
        ExpressionValue.Of(values.Select(value => KeyValuePair.Create(value.Key, Expressions.Json.Read(value.Value))));

    public static ExpressionValue Object(params ReadOnlySpan<(string Name, ExpressionValue Value)> members)
    {
        var list = new List<KeyValuePair<string, ExpressionValue>>(members.Length);
        foreach (var (name, value) in members)
            list.Add(KeyValuePair.Create(name, value));
        return ExpressionValue.Of(list);
    }
}
