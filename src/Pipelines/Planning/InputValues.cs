using System.Globalization;
using PRTS.Pipelines.Parsing;

namespace PRTS.Pipelines.Planning;

/// <summary>Checks what a manual run was given against what its pipeline asks for.</summary>
public static class InputValues
{
    /// <summary>Characters of one value.</summary>
    private const int Longest = 64 * 1024;

    /// <summary>What is wrong with the values, in a sentence each; empty when nothing is. Names that this pipeline does not have are left to the caller.</summary>
    public static IReadOnlyList<string> Problems(PipelineDefinition pipeline, IReadOnlyDictionary<string, string>? given) =>
        [.. pipeline.Inputs.Select(input => given?.TryGetValue(input.Name, out var value) == true ? Problem(input, value)
            : input is { Required: true, Default: null } ? $"The input '{input.Name}' is required{(input.Description.Length > 0 ? $": {input.Description}" : ".")}"
            : null).OfType<string>()];

    /// <summary>Null when the value can be.</summary>
    public static string? Problem(PipelineInput input, string value) => input.Type switch
    {
        _ when value.Length > Longest => $"The input '{input.Name}' has {value.Length} characters; it may have {Longest}.",
        InputType.Number when !IsNumber(value) => $"The input '{input.Name}' is a number such as 3 or 0.5, not '{Words.Short(value)}'.",
        InputType.Boolean when value is not ("true" or "false") => $"The input '{input.Name}' is true or false, not '{Words.Short(value)}'.",
        InputType.Choice when !input.Options.Contains(value, StringComparer.Ordinal) => $"The input '{input.Name}' is one of {Words.Or(input.Options.Select(Words.Short))}, not '{Words.Short(value)}'.",
        _ => null,
    };

    /// <summary>The values as JSON by name: those given, else defaults, else null. What cannot be is null, too: who starts a build has asked for <see cref="Problems"/>.</summary>
    internal static IReadOnlyDictionary<string, string> Resolve(PipelineDefinition pipeline, IReadOnlyDictionary<string, string>? given) =>
        pipeline.Inputs.ToDictionary(input => input.Name, input => Json(input, given?.GetValueOrDefault(input.Name) ?? input.Default), StringComparer.Ordinal);

    private static string Json(PipelineInput input, string? value) => value switch
    {
        null => "null",
        _ when Problem(input, value) is not null => "null",
        _ when input.Type == InputType.Boolean => value,
        _ when input.Type == InputType.Number => double.Parse(value, NumberStyles.Float, CultureInfo.InvariantCulture).ToString("R", CultureInfo.InvariantCulture),
        _ => PlainJson.Text(value),
    };

    private static bool IsNumber(string value) =>
        double.TryParse(value, NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint | NumberStyles.AllowExponent, CultureInfo.InvariantCulture, out var number) && double.IsFinite(number);
}
