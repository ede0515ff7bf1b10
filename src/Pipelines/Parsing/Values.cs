using PRTS.Pipelines.Validation;

namespace PRTS.Pipelines.Parsing;

/// <summary>Reads single values and lists of a mapping. Each returns null when absent or, with an error, wrong.</summary>
internal static class Values
{
    public static YamlScalar? Scalar(this MappingReader reader, string key) => AsScalar(reader.Get(key), key, reader.Errors);

    /// <summary>Text as it is written: <c>3.10</c> stays <c>3.10</c>.</summary>
    public static string? Text(this MappingReader reader, string key) => reader.Scalar(key)?.Value;

    /// <summary>Text in which <c>${{ }}</c> may stand.</summary>
    public static string? Template(this MappingReader reader, string key, Evaluated when = Evaluated.InStep)
    {
        if (reader.Scalar(key) is not { } scalar) return null;
        ExpressionCheck.Template(scalar, reader.Errors, when);
        return scalar.Value;
    }

    /// <summary>Text that is known before anything runs.</summary>
    public static YamlScalar? Fixed(this MappingReader reader, string key)
    {
        if (reader.Scalar(key) is not { } scalar) return null;
        return ExpressionCheck.Absent(scalar, key, reader.Errors) ? scalar : null;
    }

    public static bool Flag(this MappingReader reader, string key)
    {
        if (reader.Get(key) is not { } node) return false;
        if (node is YamlScalar { Plain: true, Value: "true" or "True" or "TRUE" }) return true;
        if (node is YamlScalar { Plain: true, Value: "false" or "False" or "FALSE" }) return false;
        reader.Errors.Add(DiagnosticCodes.WrongType, node.Start, $"`{key}` is `true` or `false`, but this is {(node is YamlScalar { Plain: false } ? "a text in quotes" : Shown(node))}.");
        return false;
    }

    /// <summary>One text or a list of texts.</summary>
    public static IReadOnlyList<YamlScalar>? List(this MappingReader reader, string key) =>
        reader.Get(key) is { } node ? AsList(node, key, reader.Errors) : null;

    public static YamlScalar? AsScalar(YamlNode? node, string key, ErrorList errors)
    {
        if (node is null or YamlScalar) return node as YamlScalar;
        errors.Add(DiagnosticCodes.WrongType, node.Start, $"`{key}` is a single text, but this is {node.Kind}.");
        return null;
    }

    /// <summary>Null, with an error, when it is no list; the wrong items of a list are left out, with errors.</summary>
    public static IReadOnlyList<YamlNode>? Items(this MappingReader reader, string key, YamlNode? node, string what)
    {
        if (node is null) return null;
        if (node is not YamlSequence list)
        {
            reader.Errors.Add(DiagnosticCodes.WrongType, node.Start, $"`{key}` is a list of {what} (each begins with `- `), but this is {node.Kind}.");
            return null;
        }

        if (list.Items.Count == 0)
            reader.Errors.Add(DiagnosticCodes.EmptyValue, node.Start, $"`{key}` is empty; it needs at least one of the {what}.");
        return list.Items;
    }

    public static List<YamlScalar>? AsList(YamlNode node, string key, ErrorList errors)
    {
        if (node is YamlScalar single) return [single];
        if (node is not YamlSequence sequence)
        {
            errors.Add(DiagnosticCodes.WrongType, node.Start, $"`{key}` is a text or a list of texts, but this is {node.Kind}.");
            return null;
        }

        var list = new List<YamlScalar>(sequence.Items.Count);
        foreach (var item in sequence.Items)
        {
            if (item is YamlScalar { IsNull: false } scalar)
                list.Add(scalar);
            else
                errors.Add(DiagnosticCodes.WrongType, item.Start, $"Each item of `{key}` is a text, but this is {item.Kind}.");
        }

        return list;
    }

    public static string Shown(YamlNode node) => node is YamlScalar s && !s.IsNull ? $"`{Words.Short(s.Value)}`" : node.Kind;

    public static Located<string> Located(this YamlScalar scalar) => new(scalar.Value, scalar.Start.Line, scalar.Start.Column, scalar.Start.File);

    public static Place Place<T>(this Located<T> located) => new(located.Line, located.Column, located.File);
}
