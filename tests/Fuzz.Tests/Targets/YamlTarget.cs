using System.Text;
using PRTS.Fuzz.Tests.Loop;
using PRTS.Pipelines;
using PRTS.Pipelines.Parsing;
using PRTS.Pipelines.Parsing.Includes;
using PRTS.Pipelines.Planning;
using static PRTS.Fuzz.Tests.Targets.AllTargets;

namespace PRTS.Fuzz.Tests.Targets;

/// <summary>Pipeline files with their templates, and files of generated jobs: parsed, checked, planned. The first byte says what the rest is.</summary>
internal sealed class YamlTarget : IFuzzTarget
{
    private const string File = ".prts/pipeline.yaml";
    private static readonly byte[] Cut = "\n=====\n"u8.ToArray();

    private static readonly BuildPlan Generating = Plan("""
        stages:
        - name: First
          jobs: [{name: Before, steps: [{run: a}, {artifact: {name: kept, path: x}}]}]
        - name: Main
          jobs: [{name: Generator, steps: [{run: a}, {generate: x.yaml}]}, {name: After, steps: [{run: b}]}]
        """);

    private static readonly TriggerEvent[] Events =
    [
        Event("push") with { ChangedPaths = ["src/a.cs", "docs/é.md"] }, Event("manual") with { Inputs = new Dictionary<string, string>(StringComparer.Ordinal) { ["a"] = "1", ["target"] = "staging" } },
        Event("pull_request") with { Activity = "opened" }, Event("tag") with { Ref = "refs/tags/v1.0" }, Event("schedule") with { Cron = "0 2 * * *" },
    ];

    public string Name => "YAML";

    public IEnumerable<byte[]> Seeds => With(Name, Directory.EnumerateFiles(Path.Combine(AppContext.BaseDirectory, "Seeds", "yaml"), "*", SearchOption.AllDirectories)
        .Order(StringComparer.Ordinal).Select(System.IO.File.ReadAllBytes).Select(text => Mode(0, text)).Append(Mode(1, Encoding.UTF8.GetBytes(Generated))).Append(Mode(2, Encoding.UTF8.GetBytes(Including))));

    public IReadOnlyList<byte[]> Tokens { get; } = AllTargets.Tokens(
        "stages:", "- ", "  ", "\n", "name: ", "jobs:", "steps:", "run: ", "[", "]", "{", "}", ": ", ", ", "&a ", "*a", "<<: ", "!!str ", "!x ", "|", ">", "|2-", "'", "\"", "\\", "#", "---\n", "...\n", "%YAML 1.2\n", "%TAG ! x\n", "? ", "\t",
        "${{ ", " }}", "${{ matrix.a }}", "${{ inputs.a }}", "needs: ", "when: ", "branch: ", "cron: ", "timeout: ", "1h", "~", "é", "\0", "\u2028", "\r", "@", "`", "triggers:", "push:", "branches:", "paths:", "pull_request:", "schedule:",
        "inputs:", "type: ", "choice", "options:", "default:", "required: true", "matrix:", "include:", "exclude:", "file: ", "project: ", "ref: ", "template: ", "concurrency:", "cancel", "priority: ", "env:", "variables:", "retry:", "if: ", "always()",
        "failure()", "image: ", "services:", "ports:", "cache:", "key: ", "restore: ", "artifact:", "path: ", "download:", "generate:", "parallel: true", "parallel:", "environment: ", "secrets:", "id_tokens:", "agent:", "labels:", "allow_failure: ",
        "fromJSON('", "toJSON(", "format('{0}', ", "join(", "contains(", "hashFiles('**')", "github.", "&&", "||", "!", "==", "**", "*", "[!a-z]", "{a,b}", "\n=====\n", "\\u0000", "\\x", "\uFEFF");

    public void Run(byte[] input)
    {
        if (input.Length == 0) return;
        switch (input[0] % 3)
        {
            case 0: Check(PipelineParser.Parse(File, input.AsSpan(1))); break;
            case 1: Generate(input.AsSpan(1)); break;
            default: Include(input.AsMemory(1)); break;
        }
    }

    /// <summary>What stands behind each mark is a template, whatever its name.</summary>
    private static void Include(ReadOnlyMemory<byte> input)
    {
        var files = new List<ReadOnlyMemory<byte>>();
        for (int at; (at = input.Span.IndexOf(Cut)) >= 0 && files.Count < 8; input = input[(at + Cut.Length)..]) files.Add(input[..at]);
        files.Add(input);
        var asked = 0;
        var parsed = PipelineParser.Parse(File, files[0], _ => Task.FromResult(files.Count == 1 ? IncludedFile.None("there is none") : new IncludedFile(files[1 + (asked++ % (files.Count - 1))], Commit: new string('b', 40))));
        Check(parsed.GetAwaiter().GetResult());
    }

    private static void Generate(ReadOnlySpan<byte> input)
    {
        var generator = Generating.Jobs.Single(job => job.Name == "Generator");
        var (plan, errors) = GeneratedJobs.Add(Generating, new PlannedOrigin { Job = generator.Key, Step = 1, Attempt = 1 }, "x.yaml", input, Events[0]);
        Assert.All(errors, Check);
        Check(plan);
        Assert.Equal(errors.Count > 0, ReferenceEquals(plan, Generating));
        Assert.Equal(Generating.Jobs.Count, GeneratedJobs.Strip(plan).Jobs.Count);
    }

    private static void Check(ParseResult result)
    {
        Assert.Equal(result.Errors.Any(error => error.Severity == DiagnosticSeverity.Error), result.Pipeline is null);
        Assert.All(result.Errors, Check);
        if (result.Pipeline is not { } pipeline) return;
        Planner.Schedules(pipeline);
        foreach (var trigger in Events)
        {
            if (Planner.Plan(pipeline, trigger) is { } plan) Check(plan);
            else Planner.WhySkipped(pipeline, trigger);
        }
    }

    private static void Check(Diagnostic error) => Assert.True(error.Line >= 1 && error.Column >= 1 && error.Message.Length is > 0 and < 2000, error.ToString());

    /// <summary>Keys are unique, and the jobs can be put in an order.</summary>
    private static void Check(BuildPlan plan)
    {
        var ended = new HashSet<string>(StringComparer.Ordinal);
        var waiting = plan.Jobs.ToList();
        Assert.Equal(plan.Jobs.Count, plan.Jobs.Select(job => job.Key).Distinct(StringComparer.Ordinal).Count());
        while (waiting.Count > 0)
        {
            var ready = waiting.Where(job => job.Needs.All(ended.Contains)).ToList();
            Assert.True(ready.Count > 0, "The jobs wait for each other.");
            ended.UnionWith(ready.Select(job => job.Key));
            waiting.RemoveAll(ready.Contains);
        }
    }

    private static TriggerEvent Event(string kind) => new() { Kind = kind, Ref = "refs/heads/main", Commit = new string('a', 40) };

    private static BuildPlan Plan(string text)
    {
        var result = PipelineParser.Parse(File, text);
        Assert.Empty(result.Errors);
        return Planner.Plan(result.Pipeline!, Event("push"))!;
    }

    private const string Generated = "jobs:\n- name: One\n  matrix: {a: [1, 2]}\n  steps:\n  - run: echo ${{ matrix.a }}\n  - download: {name: kept}\n- name: Two\n  needs: [One]\n  when: {branch: main}\n  steps: [{run: a, if: always()}, {artifact: {name: two, path: x}}]\n";

    private const string Including = "stages:\n- include: {file: a.yaml, inputs: {a: '${{ matrix.x }}', b: 3}}\n- name: Own\n  jobs:\n  - include: {project: o/p, ref: main, file: b.yaml}\n  - name: J\n    steps: [{include: c.yaml}]\n"
        + "\n=====\ninputs:\n  a: {required: true}\n  b: {type: number, default: 2}\nstages:\n- name: T ${{ inputs.a }}\n  jobs: [{name: J, if: inputs.b > 1, steps: [{run: 'echo ${{ inputs.b }}'}]}]\n\n=====\njobs: [{name: K, steps: [{run: b}]}]\n\n=====\nsteps: [{run: c}]\n";
}
