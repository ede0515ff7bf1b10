using PRTS.Pipelines.Planning;
using PRTS.Pipelines.Validation;

namespace PRTS.Pipelines.Parsing;

/// <summary>Reads one step: a command, files to keep, files to fetch, or files to keep between builds.</summary>
internal static class StepReader
{
    private static readonly string[] Shells = ["bash", "sh", "python", "pwsh"];

    /// <summary>What a step can do; each does one.</summary>
    private static readonly string[] Kinds = ["run", "artifact", "download", "cache", "build_image", "generate"];

    /// <summary>Keys that say how a command runs; other steps have none.</summary>
    private static readonly string[] OfCommands = ["shell", "working_directory", "once", "inputs", "outputs"];

    /// <summary>Each branch is a process with its output at the same time.</summary>
    private const int MostParallel = 20;

    /// <summary>A job's steps in their order; those that run at the same time have a group.</summary>
    public static IReadOnlyList<StepDefinition> ReadAll(IReadOnlyList<YamlNode>? nodes, ErrorList errors)
    {
        var (steps, groups) = (new List<StepDefinition>(), 0);
        foreach (var node in nodes ?? [])
        {
            if (Parallel(node) is { } parallel)
                steps.AddRange(Together((YamlMapping)node, parallel, groups++, errors));
            else if (Read(node, errors) is { } step)
                steps.Add(step);
        }

        return steps;
    }

    private static IEnumerable<StepDefinition> Together(YamlMapping mapping, YamlEntry parallel, int group, ErrorList errors)
    {
        foreach (var other in mapping.Entries.Where(entry => entry != parallel))
            errors.Add(DiagnosticCodes.ConflictingKeys, other.Key.Start, $"`parallel` stands alone in its item of the list; give `{Words.Short(other.Key.Value)}` to the steps below it, or remove it.");
        if (MappingReader.Of(new YamlMapping([parallel], mapping.Start), PipelineKeys.Step, errors)?.Items("parallel", parallel.Value, "parallel") is not { } items) return [];
        if (items.Count > MostParallel)
            errors.Add(DiagnosticCodes.PlanTooLarge, parallel.Value.Start, $"{items.Count} steps cannot run at the same time in a job; at most {MostParallel} can. Make jobs of them.");
        foreach (var inner in items.Select(Parallel).OfType<YamlEntry>())
            errors.Add(DiagnosticCodes.ConflictingKeys, inner.Key.Start, "These steps run at the same time already; remove this `parallel`.");
        return [.. items.Where(item => Parallel(item) is null).Select(item => Read(item, errors)).OfType<StepDefinition>().Select(step => step with { Parallel = group })];
    }

    private static YamlEntry? Parallel(YamlNode node) => (node as YamlMapping)?.Entries.FirstOrDefault(entry => entry.Key.Value == "parallel");

    private static StepDefinition? Read(YamlNode node, ErrorList errors)
    {
        if (MappingReader.Of(node, PipelineKeys.Step, errors) is not { } step) return null;
        CheckKind(step);
        var mark = errors.References.Mark;
        var definition = new StepDefinition
        {
            Name = step.Template("name"),
            Id = Id(step),
            Run = Run(step),
            Shell = Shell(step),
            WorkingDirectory = RelativePath(step, "working_directory"),
            If = step.Condition(Evaluated.InStep),
            Timeout = step.Timeout(),
            ContinueOnError = step.Flag("continue_on_error"),
            Once = Once(step),
            Env = step.Env(),
            Artifact = Artifact(step),
            Download = Download(step),
            Cache = Cache(step),
            Memo = Memo(step),
            Image = Image(step),
            Generate = RelativePath(step, "generate"),
        };
        return definition with { References = errors.References.Take(mark) };
    }

    private static void CheckKind(MappingReader step)
    {
        var kinds = Kinds.Where(step.Has).ToList();
        if (kinds.Count == 0)
            step.Errors.Add(DiagnosticCodes.MissingKey, step.Start, "A step needs `run` (a command), `artifact` (files to keep), `download` (files that another job kept), `cache` (files to keep between builds), `build_image` (a Dockerfile to build) or `generate` (jobs to add to the build).");
        else if (kinds.Count > 1)
            step.Errors.Add(DiagnosticCodes.ConflictingKeys, step.Start, $"A step has only one of {Words.And(kinds.Select(k => $"`{k}`"))}; make {kinds.Count} steps of it.");
        else if (kinds[0] != "run")
            foreach (var key in OfCommands.Where(step.Has))
                step.Errors.Add(DiagnosticCodes.ConflictingKeys, step.PlaceOf(key), $"`{key}` is for commands, but this step has `{kinds[0]}`; remove it.");
    }

    private static string? Run(MappingReader step)
    {
        if (step.Template("run") is not { } run) return null;
        if (string.IsNullOrWhiteSpace(run))
            step.Errors.Add(DiagnosticCodes.EmptyValue, step.PlaceOf("run"), "`run` is empty; write the command.");
        return run;
    }

    private static Located<string>? Id(MappingReader step)
    {
        if (step.Fixed("id") is not { } id) return null;
        if (IsId(id.Value)) return id.Located();
        step.Errors.Add(DiagnosticCodes.BadName, id.Start,
            $"`{Words.Short(id.Value)}` cannot be an id; ids have letters, digits, `_` and `-`, begin with a letter or `_`, and have at most 100 characters.");
        return null;
    }

    private static string? Shell(MappingReader step)
    {
        if (step.Fixed("shell") is not { } shell) return null;
        if (!Shells.Contains(shell.Value, StringComparer.Ordinal) && !shell.Value.Contains("{0}", StringComparison.Ordinal))
            step.Errors.Add(DiagnosticCodes.BadValue, shell.Start,
                $"There is no shell `{Words.Short(shell.Value)}`.{Suggestion.Text(shell.Value, Shells)} Use {Words.Or(Shells.Select(s => $"`{s}`"))}, or a command with `{{0}}` for the script file, such as `perl {{0}}`.");
        return shell.Value;
    }

    private static ArtifactDefinition? Artifact(MappingReader step)
    {
        if (step.Get("artifact") is not { } node || MappingReader.Of(node, PipelineKeys.Artifact, step.Errors) is not { } artifact) return null;
        artifact.Require("path", "the files to keep, for example `dist/` or `\"build/*.log\"`");
        var path = RelativePath(artifact, "path");
        var name = Name(artifact, artifact.Require("name", "what the artifact is called, unique in its job"));
        return path is null || name is null ? null : new ArtifactDefinition(name.Value, path);
    }

    private static DownloadDefinition? Download(MappingReader step)
    {
        if (step.Get("download") is not { } node) return null;
        if (node is YamlScalar) return Name(step, node) is { } named ? new DownloadDefinition(named, null, "") : null;
        if (MappingReader.Of(node, PipelineKeys.Download, step.Errors) is not { } download) return null;
        var name = Name(download, download.Require("name", "what the artifact is called, or a pattern such as `report-*`"));
        var job = download.Fixed("job");
        var path = RelativePath(download, "path") ?? "";
        return name is null ? null : new DownloadDefinition(name.Value, job?.Located(), path);
    }

    private static CacheDefinition? Cache(MappingReader step)
    {
        if (step.Get("cache") is not { } node || MappingReader.Of(node, PipelineKeys.Cache, step.Errors) is not { } cache) return null;
        cache.Require("key", "what names the contents, for example `npm-${{ hashFiles('package-lock.json') }}`");
        cache.Require("paths", "the folders and files to keep, for example `node_modules`");
        var key = cache.Template("key");
        if (key is not null && string.IsNullOrWhiteSpace(key))
            step.Errors.Add(DiagnosticCodes.EmptyValue, cache.PlaceOf("key"), "`key` is empty; write what names the contents, for example `npm-${{ hashFiles('package-lock.json') }}`.");
        return new CacheDefinition(key ?? "", Templates(cache, "restore_keys"), Paths(cache, "paths") ?? []);
    }

    private static PlannedImage? Image(MappingReader step)
    {
        if (step.Get("build_image") is not { } node || MappingReader.Of(node, PipelineKeys.BuildImage, step.Errors) is not { } image) return null;
        image.Require("tags", "the image's names, for example `registry.example.com/app:${{ build.number }}`");
        return new()
        {
            Context = RelativePath(image, "context") ?? "",
            Dockerfile = RelativePath(image, "dockerfile") ?? "Dockerfile",
            Tags = Templates(image, "tags"),
            Target = image.Template("target"),
            Args = image.Variables("args"),
            CacheFrom = Templates(image, "cache_from"),
            Pull = image.Flag("pull"),
            Push = image.Flag("push"),
        };
    }

    private static bool Once(MappingReader step)
    {
        var once = step.Flag("once");
        if (once && step.Has("inputs"))
            step.Errors.Add(DiagnosticCodes.ConflictingKeys, step.PlaceOf("inputs"), "A step that runs `once` is not one that runs when its `inputs` change; remove one of the two.");
        return once;
    }

    private static PlannedStepCache? Memo(MappingReader step)
    {
        var (inputs, outputs) = (Paths(step, "inputs"), Paths(step, "outputs"));
        if (inputs is null && outputs is not null)
            step.Errors.Add(DiagnosticCodes.MissingKey, step.PlaceOf("outputs"), "A step with `outputs` needs `inputs`, too: all files that it reads. Then it runs only when one of them has changed.");
        return inputs is null ? null : new() { Inputs = inputs, Outputs = outputs ?? [] };
    }

    private static List<string>? Paths(MappingReader reader, string key) => reader.List(key)?.Select(path => RelativePath(path, reader.Errors)).ToList();

    private static List<string> Templates(MappingReader reader, string key)
    {
        var texts = new List<string>();
        foreach (var text in reader.List(key) ?? [])
        {
            ExpressionCheck.Template(text, reader.Errors);
            texts.Add(text.Value);
        }

        return texts;
    }

    private static Located<string>? Name(MappingReader artifact, YamlNode? node)
    {
        if (Values.AsScalar(node, "name", artifact.Errors) is not { } name) return null;
        ExpressionCheck.Template(name, artifact.Errors);
        if (PlannedArtifact.IsName(name.Value) || name.Value.Contains("${{", StringComparison.Ordinal)) return name.Located();
        artifact.Errors.Add(DiagnosticCodes.BadName, name.Start, $"`{Words.Short(name.Value)}` cannot be an artifact's name; names have 1 to 100 characters without slashes.");
        return null;
    }

    /// <summary>A path may be a template, which is checked again where it runs.</summary>
    private static string? RelativePath(MappingReader reader, string key)
    {
        return reader.Get(key) is { } node && Values.AsScalar(node, key, reader.Errors) is { } scalar ? RelativePath(scalar, reader.Errors) : null;
    }

    private static string RelativePath(YamlScalar scalar, ErrorList errors)
    {
        ExpressionCheck.Template(scalar, errors);
        var path = scalar.Value;
        if (path.Contains("${{", StringComparison.Ordinal)) return path;
        if (path.Length == 0 || path[0] is '/' or '~' || path.Contains('\\') || path.Split('/').Contains(".."))
            errors.Add(DiagnosticCodes.BadPath, scalar.Start,
                $"`{Words.Short(path)}` must be a path below the workspace: not absolute, without `..`, with `/` between folders.");
        return path;
    }

    private static bool IsId(string id) =>
        id.Length is > 0 and <= 100 && (char.IsAsciiLetter(id[0]) || id[0] == '_') && id.All(c => char.IsAsciiLetterOrDigit(c) || c is '_' or '-');
}
