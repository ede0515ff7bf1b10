using PRTS.Pipelines.Validation;

namespace PRTS.Pipelines.Parsing;

/// <summary>Reads one job.</summary>
internal static class JobReader
{
    public static JobDefinition? Read(YamlNode node, ErrorList errors)
    {
        if (MappingReader.Of(node, PipelineKeys.Job, errors) is not { } job) return null;
        var name = StageReader.Name(job);
        var steps = StageReader.ReadAll(job.Items("steps", job.Require("steps", "the list of what the job does"), "steps"), n => StepReader.Read(n, errors));
        CheckUnique(steps, errors);
        var definition = new JobDefinition
        {
            Name = name ?? default,
            Needs = job.Needs() ?? [],
            When = job.When(),
            If = job.Condition(),
            RunsOn = Labels(job),
            Image = ContainerReader.Image(job),
            Services = ContainerReader.Services(job),
            Resources = ContainerReader.Resources(job),
            Environment = job.Template("environment"),
            Timeout = job.Timeout(),
            AllowFailure = job.Flag("allow_failure"),
            Env = job.Env(),
            Steps = steps,
        };
        return name is null ? null : definition;
    }

    private static List<string> Labels(MappingReader job)
    {
        var labels = new List<string>();
        foreach (var label in job.List("runs_on") ?? [])
        {
            if (!ExpressionCheck.Absent(label, "runs_on", job.Errors)) continue;
            if (label.Value.Length is 0 or > 100 || label.Value.Any(c => char.IsControl(c) || char.IsWhiteSpace(c) || c == ','))
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
                errors.Add(DiagnosticCodes.DuplicateName, new Place(name.Line, name.Column),
                    $"The job already has {what} `{Words.Short(name.Value)}`, in line {first[name.Value].Line}; choose another.");
    }
}
