using PRTS.Pipelines.Planning;
using PRTS.Pipelines.Validation;

namespace PRTS.Pipelines.Parsing;

/// <summary>Reads one job, which a matrix makes several of.</summary>
internal static class JobReader
{
    public static IReadOnlyList<JobDefinition>? Read(YamlNode node, ErrorList errors)
    {
        if (MappingReader.Of(node, PipelineKeys.Job, errors) is not { } job) return null;
        var mark = errors.References.Mark;
        var matrix = job.Matrix();
        var name = Name(job, matrix);
        var allowFailure = JobRules.AllowFailure(job);
        var steps = StepReader.ReadAll(job.Items("steps", job.Require("steps", "the list of what the job does"), "steps"), errors);
        CheckUnique(steps, errors);
        var secrets = job.Secrets();
        var definition = new JobDefinition
        {
            Name = name?.Located() ?? default,
            Group = name?.Value ?? "",
            Needs = job.Needs() ?? [],
            When = job.When(),
            If = job.Condition(Evaluated.BeforeJob),
            RunsOn = Labels(job),
            Image = ContainerReader.Image(job),
            Services = ContainerReader.Services(job),
            Resources = ContainerReader.Resources(job),
            Environment = JobRules.Environment(job),
            Timeout = job.Timeout(),
            AllowFailure = matrix is null && allowFailure(null),
            Retry = job.Retry(),
            Concurrency = job.Concurrency(Evaluated.BeforeJob),
            Priority = job.Priority(),
            Env = job.Env(),
            Secrets = secrets,
            IdTokens = job.IdTokens(secrets),
            Steps = steps,
        };
        if (name is null) return null;
        definition = definition with { References = errors.References.Take(mark) };
        return matrix is null ? [definition] : [.. matrix.Rows.Select(row => definition with
        {
            Name = definition.Name with { Value = JobRules.NameOf(name, row, errors) },
            AllowFailure = allowFailure(row),
            Matrix = new() { Group = name.Value, Values = row.Values, FailFast = matrix.FailFast, MaxParallel = matrix.MaxParallel },
        })];
    }

    private static YamlScalar? Name(MappingReader job, MatrixDefinition? matrix)
    {
        if (StageReader.WrittenName(job) is not { } name) return null;
        var right = matrix is null ? ExpressionCheck.Absent(name, "name", job.Errors) : ExpressionCheck.MatrixOnly(name, "name", job.Errors);
        return right ? name : null;
    }

    private static List<string> Labels(MappingReader job)
    {
        var labels = new List<string>();
        foreach (var label in job.List("runs_on") ?? [])
        {
            ExpressionCheck.Template(label, job.Errors, Evaluated.BeforeJob);
            if (label.Value.Contains("${{", StringComparison.Ordinal))
                labels.Add(label.Value);
            else if (!PlannedJob.IsLabel(label.Value))
                job.Errors.Add(DiagnosticCodes.BadName, label.Start, $"`{Words.Short(label.Value)}` is not a label; labels are words without spaces and commas, and several stand in a list: `[linux, gpu]`.");
            else if (!labels.Contains(label.Value, StringComparer.Ordinal))
                labels.Add(label.Value);
        }

        return labels;
    }

    private static void CheckUnique(IReadOnlyList<StepDefinition> steps, ErrorList errors)
    {
        Duplicates(steps.Where(s => s.Id is not null).Select(s => s.Id!.Value), StringComparer.OrdinalIgnoreCase, "a step with the id", errors);
        Duplicates(steps.Where(s => s.Artifact is not null).Select(s => s.Artifact!.Name), StringComparer.Ordinal, "an artifact named", errors);
    }

    private static void Duplicates(IEnumerable<Located<string>> names, StringComparer comparer, string what, ErrorList errors)
    {
        var first = new Dictionary<string, Located<string>>(comparer);
        foreach (var name in names)
            if (!first.TryAdd(name.Value, name))
                errors.Add(DiagnosticCodes.DuplicateName, name.Place(),
                    $"The job already has {what} `{Words.Short(name.Value)}`, in line {first[name.Value].Line}; choose another.");
    }
}
