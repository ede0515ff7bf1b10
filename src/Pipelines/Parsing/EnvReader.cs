using PRTS.Pipelines.Validation;

namespace PRTS.Pipelines.Parsing;

/// <summary>Reads <c>variables</c> and <c>env</c>, which every level may have.</summary>
internal static class EnvReader
{
    /// <summary><c>variables</c>, then <c>env</c>: the later name wins.</summary>
    public static IReadOnlyDictionary<string, string> Env(this MappingReader reader) => reader.Variables("variables", "env");

    /// <summary>Mappings of names to texts, which may be templates.</summary>
    public static IReadOnlyDictionary<string, string> Variables(this MappingReader reader, params string[] keys)
    {
        var env = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var key in keys)
        {
            if (reader.Get(key) is not { } node) continue;
            if (node is YamlMapping mapping)
                foreach (var (name, value) in mapping.Entries)
                    Add(env, name, value, reader.Errors);
            else
                reader.Errors.Add(DiagnosticCodes.WrongType, node.Start, $"`{key}` is a mapping of names to values (`NAME: value`), but this is {node.Kind}.");
        }

        return env;
    }

    private static void Add(Dictionary<string, string> env, YamlScalar name, YamlNode value, ErrorList errors)
    {
        var shown = Words.Short(name.Value);
        if (!IsVariable(name, errors)) return;
        if (value is not YamlScalar scalar)
            errors.Add(DiagnosticCodes.WrongType, value.Start, $"The variable `{shown}` is a text, a number or a boolean, but this is {value.Kind}.");
        else if (scalar.IsNull)
            errors.Add(DiagnosticCodes.EmptyValue, name.Start, $"The variable `{shown}` has no value; write `\"\"` for an empty text.");
        else
        {
            ExpressionCheck.Template(scalar, errors);
            env[name.Value] = scalar.Value;
        }
    }

    /// <summary>Whether it can be the name of a variable, with an error when it cannot.</summary>
    public static bool IsVariable(YamlScalar name, ErrorList errors)
    {
        var shown = Words.Short(name.Value);
        if (!IsName(name.Value))
            errors.Add(DiagnosticCodes.BadName, name.Start, $"`{shown}` cannot be a variable's name; names have letters, digits and `_`, and do not begin with a digit.");
        else if (IsReserved(name.Value))
            errors.Add(DiagnosticCodes.ReservedName, name.Start, $"`{shown}` is set by PRTS: `CI`, `PRTS` and names that begin with `PRTS_` are reserved; choose another name.");
        else
            return true;
        return false;
    }

    /// <summary>Names that PRTS sets itself.</summary>
    public static bool IsReserved(string name) => name is "CI" or "PRTS" || name.StartsWith("PRTS_", StringComparison.Ordinal);

    public static bool IsName(string name) =>
        name.Length > 0 && !char.IsAsciiDigit(name[0]) && name.All(c => char.IsAsciiLetterOrDigit(c) || c == '_');
}
