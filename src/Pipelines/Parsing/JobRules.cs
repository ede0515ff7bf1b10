using System.Globalization;
using PRTS.Pipelines.Expressions;
using PRTS.Pipelines.Planning;
using PRTS.Pipelines.Validation;

namespace PRTS.Pipelines.Parsing;

/// <summary>Reads when a job is tried again, what it does not run beside, and whom it goes before.</summary>
internal static class JobRules
{
    private const int MostRetries = 10;
    private const int MostPriority = 100;

    private static readonly Dictionary<string, FailureCause> Causes = new(StringComparer.Ordinal)
    {
        ["failure"] = FailureCause.Failure,
        ["agent_lost"] = FailureCause.AgentLost,
        ["timeout"] = FailureCause.Timeout,
    };

    public static PlannedRetry? Retry(this MappingReader job)
    {
        if (job.Get("retry") is not { } node) return null;
        if (node is YamlScalar) return job.Number("retry", 0, MostRetries) is { } times ? new() { Count = times } : null;
        if (MappingReader.Of(node, PipelineKeys.Retry, job.Errors) is not { } retry) return null;
        retry.Require("count", "how often it is tried again, for example `2`");
        var rule = new PlannedRetry { Count = retry.Number("count", 0, MostRetries) ?? 0 };
        var on = (retry.List("on") ?? []).Select(cause => Cause(cause, retry.Errors)).OfType<FailureCause>().Distinct().ToList();
        var codes = (retry.List("exit_codes") ?? []).Select(code => ExitCode(code, retry.Errors)).OfType<int>().Distinct().ToList();
        if (codes.Count > 0 && on.Count > 0 && !on.Contains(FailureCause.Failure))
            retry.Errors.Add(DiagnosticCodes.ConflictingKeys, retry.PlaceOf("exit_codes"), "`exit_codes` are those of a step that failed; add `failure` to `on`, or remove one of the two.");
        return rule with { On = on.Count > 0 ? on : rule.On, ExitCodes = codes, Delay = retry.Timeout("delay") ?? default };
    }

    public static PlannedConcurrency? Concurrency(this MappingReader reader, Evaluated when)
    {
        if (reader.Get("concurrency") is not { } node) return null;
        if (node is YamlScalar) return Group(reader, "concurrency", when) is { } plain ? new() { Group = plain } : null;
        if (MappingReader.Of(node, PipelineKeys.Concurrency, reader.Errors) is not { } concurrency) return null;
        concurrency.Require("group", "what those that must not run at the same time have in common, for example `deploy`");
        var (group, cancel) = (Group(concurrency, "group", when), concurrency.Flag("cancel_in_progress"));
        return group is null ? null : new() { Group = group, CancelInProgress = cancel };
    }

    public static EnvironmentDefinition? Environment(MappingReader job)
    {
        if (job.Get("environment") is not { } node) return null;
        if (node is YamlScalar) return EnvironmentName(job, "environment") is { } plain ? new(plain, null) : null;
        if (MappingReader.Of(node, PipelineKeys.Environment, job.Errors) is not { } environment) return null;
        environment.Require("name", "where the job deploys to, for example `production`");
        var (name, url) = (EnvironmentName(environment, "name"), environment.Template("url", Evaluated.BeforeJob));
        return name is null ? null : new(name, url);
    }

    private static string? Group(MappingReader reader, string key, Evaluated when) => Checked(reader, key, when, JobScope.IsGroup,
        $"A concurrency group is one line of 1 to {JobScope.LongestGroup} characters");

    private static string? EnvironmentName(MappingReader reader, string key) => Checked(reader, key, Evaluated.BeforeJob, JobScope.IsEnvironment,
        "An environment's name is one line of 1 to 100 characters without slashes");

    /// <summary>What has expressions can be checked only when they are evaluated.</summary>
    private static string? Checked(MappingReader reader, string key, Evaluated when, Func<string, bool> right, string rule)
    {
        if (reader.Template(key, when) is not { } text) return null;
        if (text.Contains("${{", StringComparison.Ordinal) || right(text.Trim())) return text;
        reader.Errors.Add(DiagnosticCodes.BadName, reader.Get(key)!.Start, $"{rule}, but this is `{Words.Short(text)}`.");
        return null;
    }

    public static int? Priority(this MappingReader reader) => reader.Number("priority", -MostPriority, MostPriority);

    /// <summary>A flag, or an expression over the job's matrix.</summary>
    public static Func<MatrixRow?, bool> AllowFailure(MappingReader job)
    {
        if (job.Get("allow_failure") is not YamlScalar scalar || !scalar.Value.Contains("${{", StringComparison.Ordinal))
        {
            var allowed = job.Flag("allow_failure");
            return _ => allowed;
        }

        if (ExpressionCheck.MatrixCondition(scalar, "allow_failure", job.Errors) is not { } condition) return _ => false;
        return row => Value(scalar, job.Errors, () => condition.Evaluate(MatrixScope(row)).IsTrue);
    }

    /// <summary>A name in which values of the job's matrix may stand.</summary>
    public static string NameOf(YamlScalar name, MatrixRow? row, ErrorList errors) =>
        row is null ? name.Value
        : name.Value.Contains("${{", StringComparison.Ordinal) ? Value(name, errors, () => Template.Evaluate(name.Value, MatrixScope(row))) ?? name.Value
        : Fitting(name.Value, row.Label);

    public static int? Number(this MappingReader reader, string key, int least, int most)
    {
        if (reader.Fixed(key) is not { } text) return null;
        if (int.TryParse(text.Value, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number) && number >= least && number <= most) return number;
        reader.Errors.Add(DiagnosticCodes.BadValue, text.Start, $"`{key}` is a whole number from {least} to {most}, but this is `{Words.Short(text.Value)}`.");
        return null;
    }

    private static string Fitting(string name, string label)
    {
        var room = 100 - name.Length - 3;
        return $"{name} ({(label.Length <= room ? label : label[..Math.Max(1, room - 1)] + "…")})";
    }

    private static EvaluationContext MatrixScope(MatrixRow? row) => new()
    {
        Values = new Dictionary<string, ExpressionValue>(StringComparer.OrdinalIgnoreCase)
        {
            ["matrix"] = Contexts.Json(row?.Values ?? new Dictionary<string, string>(StringComparer.Ordinal)),
        },
    };

    private static T? Value<T>(YamlScalar scalar, ErrorList errors, Func<T> evaluate)
    {
        try
        {
            return evaluate();
        }
        catch (ExpressionException wrong)
        {
            errors.Add(DiagnosticCodes.BadExpression, scalar.Start, $"This cannot be evaluated: {wrong.Message}");
            return default;
        }
    }

    private static FailureCause? Cause(YamlScalar cause, ErrorList errors)
    {
        if (Causes.TryGetValue(cause.Value, out var known)) return known;
        errors.Add(DiagnosticCodes.BadValue, cause.Start,
            $"There is no cause `{Words.Short(cause.Value)}`.{Suggestion.Text(cause.Value, [.. Causes.Keys])} A job is tried again on {Words.Or(Causes.Keys.Select(c => $"`{c}`"))}.");
        return null;
    }

    private static int? ExitCode(YamlScalar code, ErrorList errors)
    {
        if (int.TryParse(code.Value, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number is > 0 and < 256) return number;
        errors.Add(DiagnosticCodes.BadValue, code.Start, $"`{Words.Short(code.Value)}` is no exit code of a failure; these are numbers from 1 to 255.");
        return null;
    }
}
