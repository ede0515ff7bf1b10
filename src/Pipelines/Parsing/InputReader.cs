using PRTS.Pipelines.Planning;
using PRTS.Pipelines.Validation;

namespace PRTS.Pipelines.Parsing;

/// <summary>Reads <c>inputs</c>: what a manual run is asked for.</summary>
internal static class InputReader
{
    private const int MostInputs = 50;

    private static readonly Dictionary<string, InputType> Types = new(StringComparer.Ordinal)
    {
        ["string"] = InputType.String,
        ["number"] = InputType.Number,
        ["boolean"] = InputType.Boolean,
        ["choice"] = InputType.Choice,
    };

    public static IReadOnlyList<PipelineInput> Inputs(this MappingReader pipeline)
    {
        if (pipeline.Get("inputs") is not { } node) return [];
        if (node is not YamlMapping mapping)
        {
            pipeline.Errors.Add(DiagnosticCodes.WrongType, node.Start, $"`inputs` is a mapping of names to what they are (`version: {{type: string}}`), but this is {node.Kind}.");
            return [];
        }

        if (mapping.Entries.Count > MostInputs)
            pipeline.Errors.Add(DiagnosticCodes.BadValue, mapping.Start, $"A pipeline has at most {MostInputs} inputs, and these are {mapping.Entries.Count}.");
        return [.. mapping.Entries.Select(entry => Read(entry, pipeline.Errors)).OfType<PipelineInput>()];
    }

    private static PipelineInput? Read(YamlEntry entry, ErrorList errors)
    {
        var name = entry.Key.Value;
        if (!PipelineInput.IsName(name))
            errors.Add(DiagnosticCodes.BadName, entry.Key.Start, $"`{Words.Short(name)}` cannot be an input's name; names have letters, digits, `_` and `-`, and begin with a letter or `_`.");
        if (entry.Value is YamlScalar { IsNull: true }) return new() { Name = name };
        if (MappingReader.Of(entry.Value, PipelineKeys.Input, errors) is not { } reader) return null;
        var options = (reader.List("options") ?? []).Select(option => option.Value).ToList();
        var input = new PipelineInput
        {
            Name = name,
            Type = Type(reader, options.Count > 0),
            Description = reader.Fixed("description")?.Value ?? "",
            Required = reader.Flag("required"),
            Options = options,
        };
        if (input.Type == InputType.Choice && options.Count == 0)
            errors.Add(DiagnosticCodes.MissingKey, reader.Start, "A `choice` needs the key `options`: the list of what can be chosen.");
        else if (input.Type != InputType.Choice && options.Count > 0)
            errors.Add(DiagnosticCodes.ConflictingKeys, reader.PlaceOf("options"), "`options` are for an input of the type `choice`.");
        return reader.Fixed("default") is { } standard ? input with { Default = Checked(input, standard, errors) } : input;
    }

    private static InputType Type(MappingReader reader, bool hasOptions)
    {
        if (reader.Fixed("type") is not { } type) return hasOptions ? InputType.Choice : InputType.String;
        if (Types.TryGetValue(type.Value, out var known)) return known;
        reader.Errors.Add(DiagnosticCodes.BadValue, type.Start,
            $"There is no type of input `{Words.Short(type.Value)}`.{Suggestion.Text(type.Value, [.. Types.Keys])} The types are {Words.And(Types.Keys.Select(t => $"`{t}`"))}.");
        return InputType.String;
    }

    private static string? Checked(PipelineInput input, YamlScalar standard, ErrorList errors)
    {
        if (InputValues.Problem(input, standard.Value) is { } problem)
            errors.Add(DiagnosticCodes.BadValue, standard.Start, $"This default cannot be: {problem}");
        return standard.Value;
    }
}
