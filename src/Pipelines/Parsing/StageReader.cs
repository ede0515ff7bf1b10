using PRTS.Pipelines.Validation;

namespace PRTS.Pipelines.Parsing;

/// <summary>Reads stages and their jobs.</summary>
internal static class StageReader
{
    public static StageDefinition? Read(YamlNode node, ErrorList errors)
    {
        if (MappingReader.Of(node, PipelineKeys.Stage, errors) is not { } stage) return null;
        var mark = errors.References.Mark;
        var name = Name(stage);
        var definition = new StageDefinition
        {
            Name = name ?? default,
            Parallel = stage.Flag("parallel"),
            Needs = stage.Needs(),
            When = stage.When(),
            If = stage.Condition(Evaluated.BeforeJob),
            Services = ContainerReader.Services(stage),
            Env = stage.Env(),
            Jobs = Jobs(stage),
        };
        return name is null ? null : definition with { References = errors.References.Take(mark) };
    }

    public static IReadOnlyList<JobDefinition> Jobs(MappingReader stage) =>
        [.. ReadAll(stage.Items("jobs", stage.Require("jobs", "the list of what the stage does"), "jobs"), n => JobReader.Read(n, stage.Errors)).SelectMany(jobs => jobs)];

    /// <summary>The name of a stage: one line that needs can refer to.</summary>
    public static Located<string>? Name(MappingReader reader) =>
        WrittenName(reader) is { } name && ExpressionCheck.Absent(name, "name", reader.Errors) ? name.Located() : null;

    public static YamlScalar? WrittenName(MappingReader reader)
    {
        if (Values.AsScalar(reader.Require("name", "what people call it, unique in the file"), "name", reader.Errors) is not { } name) return null;
        if (name.Value.Trim().Length is > 0 and <= 100 && !name.Value.Any(char.IsControl)) return name;
        reader.Errors.Add(DiagnosticCodes.BadName, name.Start, "A name is one line of 1 to 100 characters.");
        return null;
    }

    public static IReadOnlyList<Located<string>>? Needs(this MappingReader reader) =>
        reader.List("needs")?.DistinctBy(n => n.Value, StringComparer.Ordinal).Select(n => n.Located()).ToList();

    public static string? Condition(this MappingReader reader, Evaluated when) =>
        reader.Scalar("if") is { } condition ? ExpressionCheck.Condition(condition, reader.Errors, when) : null;

    public static IReadOnlyList<T> ReadAll<T>(IReadOnlyList<YamlNode>? nodes, Func<YamlNode, T?> read) where T : class =>
        [.. (nodes ?? []).Select(read).OfType<T>()];
}
