using PRTS.Pipelines.Planning;
using PRTS.Pipelines.Validation;

namespace PRTS.Pipelines.Parsing;

/// <summary>Reads one step: a command or an artifact.</summary>
internal static class StepReader
{
    private static readonly string[] Shells = ["bash", "sh", "python", "pwsh"];

    /// <summary>Keys that say how a command runs; an artifact has no command.</summary>
    private static readonly string[] OfCommands = ["shell", "working_directory"];

    public static StepDefinition? Read(YamlNode node, ErrorList errors)
    {
        if (MappingReader.Of(node, PipelineKeys.Step, errors) is not { } step) return null;
        if (step.Has("run") == step.Has("artifact"))
            errors.Add(step.Has("run") ? DiagnosticCodes.ConflictingKeys : DiagnosticCodes.MissingKey, step.Start,
                step.Has("run") ? "A step has either `run` or `artifact`; make two steps of it." : "A step needs `run` (a command) or `artifact` (files to keep).");
        else if (step.Has("artifact"))
            foreach (var key in OfCommands.Where(step.Has))
                errors.Add(DiagnosticCodes.ConflictingKeys, step.PlaceOf(key), $"`{key}` is for commands, but this step keeps an artifact; remove it.");
        return new StepDefinition
        {
            Name = step.Template("name"),
            Id = Id(step),
            Run = Run(step),
            Shell = Shell(step),
            WorkingDirectory = RelativePath(step, "working_directory"),
            If = step.Condition(),
            Timeout = step.Timeout(),
            ContinueOnError = step.Flag("continue_on_error"),
            Env = step.Env(),
            Artifact = Artifact(step),
        };
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
        var name = Name(artifact);
        return path is null || name is null ? null : new ArtifactDefinition(name.Value, path);
    }

    private static Located<string>? Name(MappingReader artifact)
    {
        if (Values.AsScalar(artifact.Require("name", "what the artifact is called, unique in its job"), "name", artifact.Errors) is not { } name) return null;
        ExpressionCheck.Template(name, artifact.Errors);
        if (PlannedArtifact.IsName(name.Value) || name.Value.Contains("${{", StringComparison.Ordinal)) return name.Located();
        artifact.Errors.Add(DiagnosticCodes.BadName, name.Start, $"`{Words.Short(name.Value)}` cannot be an artifact's name; names have 1 to 100 characters without slashes.");
        return null;
    }

    /// <summary>A path may be a template, which is checked again where it runs.</summary>
    private static string? RelativePath(MappingReader reader, string key)
    {
        if (reader.Get(key) is not { } node || Values.AsScalar(node, key, reader.Errors) is not { } scalar) return null;
        ExpressionCheck.Template(scalar, reader.Errors);
        var path = scalar.Value;
        if (path.Contains("${{", StringComparison.Ordinal)) return path;
        if (path.Length == 0 || path[0] is '/' or '~' || path.Contains('\\') || path.Split('/').Contains(".."))
            reader.Errors.Add(DiagnosticCodes.BadPath, scalar.Start,
                $"`{Words.Short(path)}` must be a path below the workspace: not absolute, without `..`, with `/` between folders.");
        return path;
    }

    private static bool IsId(string id) =>
        id.Length is > 0 and <= 100 && (char.IsAsciiLetter(id[0]) || id[0] == '_') && id.All(c => char.IsAsciiLetterOrDigit(c) || c is '_' or '-');
}
