using PRTS.Pipelines.Expressions;
using PRTS.Pipelines.Parsing;
using PRTS.Pipelines.Planning;

namespace PRTS.Pipelines.Validation;

/// <summary>
/// Finds references that can never have a value. As on GitHub they are null, so they are no errors. What is evaluated in several places
/// (a variable of the pipeline, a template that is included twice, what an alias repeats) has a value if it has one in any of them.
/// </summary>
internal sealed class ReferenceCheck
{
    private static readonly HashSet<string> Build = Names(Contexts.Build("", "", 0, new() { Kind = "", Ref = "", Commit = "" }, "", ""));
    private static readonly HashSet<string> BuildBeforeJob = Names(Build.Where(name => name != "url"));
    private static readonly HashSet<string> Job = Names(Contexts.Job(""));
    private static readonly HashSet<string> Agent = Names(Contexts.Agent("", "", "", ""));
    private static readonly HashSet<string> OfNeed = Names(Contexts.Need("", new Dictionary<string, string>(StringComparer.Ordinal)));
    private static readonly HashSet<string> OfStep = Names(Contexts.Step("", "", new Dictionary<string, string>(StringComparer.Ordinal)));

    /// <summary>Names that a list in a message has at most.</summary>
    private const int MostShown = 8;

    private readonly PipelineDefinition pipeline;
    private readonly IReadOnlyList<PlannedJob> plan;
    private readonly HashSet<string> inputs;
    private readonly HashSet<string> jobs;

    /// <summary>By where the text begins, because the same text may be evaluated in several places.</summary>
    private readonly HashSet<(Place, string)> valued = [];
    private readonly Dictionary<(Place Text, string Path), (PlacedReference Reference, Func<string> Why)> empty = [];

    private ReferenceCheck(PipelineDefinition pipeline)
    {
        (this.pipeline, plan) = (pipeline, PlanBuilder.Jobs(pipeline));
        inputs = Names(pipeline.Inputs.Select(input => input.Name));
        jobs = Names(plan.SelectMany(job => job.Matrix is { } matrix ? [job.Key, JobKeys.Slug(matrix.Group)] : new[] { job.Key }));
    }

    /// <summary>What one or several jobs see.</summary>
    /// <param name="Needs">Null: only the build will tell.</param>
    private sealed record Seen(HashSet<string>? Needs, HashSet<string> Matrix, HashSet<string> Steps)
    {
        public static Seen Union(IReadOnlyList<Seen> jobs) => new(
            jobs.All(job => job.Needs is not null) ? Names(jobs.SelectMany(job => job.Needs!)) : null,
            Names(jobs.SelectMany(job => job.Matrix)),
            Names(jobs.SelectMany(job => job.Steps)));
    }

    /// <summary>Whether the context's members are known before a build.</summary>
    public static bool Knows(string context) => context.ToLowerInvariant() is "needs" or "steps" or "matrix" or "inputs" or "build" or "job" or "agent";

    /// <param name="pipeline">Without errors.</param>
    public static IReadOnlyList<Diagnostic> Warnings(PipelineDefinition pipeline)
    {
        var check = new ReferenceCheck(pipeline);
        check.Pipeline();
        var warnings = new ErrorList(pipeline.File, DiagnosticSeverity.Warning);
        foreach (var ((_, path), (reference, why)) in check.empty.Where(one => !check.valued.Contains(one.Key)))
            warnings.Add(DiagnosticCodes.UnknownReference, reference.Text.PlaceOf(reference.Position), () => $"`{Words.Short(path)}` is always null: {why()}");
        return warnings.InOrder();
    }

    private void Pipeline()
    {
        var (stages, position) = (new List<Seen>(), 0);
        foreach (var stage in pipeline.Stages)
        {
            var ofStage = new List<Seen>();
            // The jobs of a matrix are one text, and wait for the same.
            foreach (var rows in stage.Jobs.GroupBy(job => job.Group, StringComparer.Ordinal).Select(rows => rows.ToList()))
            {
                var seen = new Seen(
                    NeedsOf(plan[position]),
                    Names(rows.SelectMany(row => row.Matrix?.Values.Keys ?? [])),
                    Names(rows[0].Steps.Select(step => step.Id?.Value).OfType<string>()));
                position += rows.Count;
                ofStage.Add(seen);
                Look(rows[0].References, seen);
                Steps(rows[0].Steps, seen);
            }

            stages.Add(Seen.Union(ofStage));
            Look(stage.References, stages[^1]);
        }

        Look(pipeline.References, Seen.Union(stages));
    }

    private void Steps(IReadOnlyList<StepDefinition> steps, Seen job)
    {
        var (earlier, beside) = (Names(), new List<string>());
        var group = (int?)null;
        foreach (var step in steps)
        {
            if (step.Parallel is null || step.Parallel != group)
            {
                earlier.UnionWith(beside);
                beside.Clear();
            }

            group = step.Parallel;
            Look(step.References, job with { Steps = earlier });
            if (step.Id is { } id) beside.Add(id.Value);
        }
    }

    /// <summary>What a step of a needed job generates is needed, too, by names that nobody knows yet.</summary>
    private HashSet<string>? NeedsOf(PlannedJob job)
    {
        var needs = job.Needs.ToHashSet(StringComparer.Ordinal);
        return plan.Any(need => needs.Contains(need.Key) && need.Steps.Any(step => step.Generate is not null)) ? null
            : Names(needs.Concat(NeededJobs.Matrices(plan, job).Select(matrix => matrix.Key)));
    }

    private void Look(IReadOnlyList<PlacedReference> references, Seen seen)
    {
        foreach (var reference in references)
        {
            var key = (reference.Text.Start, string.Join('.', reference.Names));
            if (Missing(reference, seen) is { } why) empty.TryAdd(key, (reference, why));
            else valued.Add(key);
        }
    }

    /// <summary>Why it has no value; null when it may have one.</summary>
    private Func<string>? Missing(PlacedReference reference, Seen seen) => reference.Context switch
    {
        "needs" => Missing(reference, 1, seen.Needs, jobs.Contains(reference.Names[1]) ? "the job does not wait for it; name it in `needs`." : "no job that this waits for has that key.", "It waits for")
            ?? Missing(reference, 2, OfNeed, "a job that is needed has no such member.", "It has"),
        "steps" => Missing(reference, 1, seen.Steps, "no earlier step of the job has that id.", "Ids of earlier steps are")
            ?? Missing(reference, 2, OfStep, "a step has no such member.", "It has"),
        "matrix" => Missing(reference, 1, seen.Matrix, seen.Matrix.Count > 0 ? "the matrix has no such value." : "the job has no matrix.", "It has"),
        "inputs" => Missing(reference, 1, inputs, $"the pipeline has no {(inputs.Count > 0 ? "such input" : "inputs")}.", "It has"),
        "build" when reference.When == Evaluated.InStep => Missing(reference, 1, Build, "a build has no such member.", "It has"),
        "build" => Missing(reference, 1, BuildBeforeJob, "a build has no such member before the job starts.", "It has"),
        "job" => Missing(reference, 1, Job, "a job has no such member.", "It has"),
        _ => Missing(reference, 1, Agent, "an agent has no such member.", "It has"),
    };

    private static Func<string>? Missing(PlacedReference reference, int index, HashSet<string>? known, string why, string there)
    {
        if (known is null || reference.Names.Count <= index || known.Contains(reference.Names[index])) return null;
        // Later steps are added behind what is known now.
        var count = known.Count;
        return () => $"{why}{Suggestion.Text(reference.Names[index], known.Take(count))}{List(there, [.. known.Take(count)])}";
    }

    private static string List(string there, List<string> names)
    {
        if (names.Count == 0) return "";
        var shown = names.Take(MostShown).Select(name => $"`{Words.Short(name)}`");
        return $" {there} {Words.And(names.Count > MostShown ? shown.Append($"{names.Count - MostShown} more") : shown)}.";
    }

    private static HashSet<string> Names(ExpressionValue value) => Names(value.Members.Select(member => member.Key));

    private static HashSet<string> Names(params IEnumerable<string> names) => names.ToHashSet(StringComparer.OrdinalIgnoreCase);
}
