using System.Globalization;
using System.Text.Json;
using PRTS.Pipelines.Validation;

namespace PRTS.Pipelines.Parsing;

/// <summary>One job of a matrix.</summary>
/// <param name="Values">By name, as JSON.</param>
/// <param name="Label">For its name: the values that tell it from the others.</param>
public sealed record MatrixRow(IReadOnlyDictionary<string, string> Values, string Label);

/// <summary>A job's <c>matrix</c>, written out.</summary>
public sealed record MatrixDefinition(IReadOnlyList<MatrixRow> Rows, bool FailFast, int MaxParallel);

/// <summary>Reads <c>matrix</c> with GitHub's rules for <c>include</c> and <c>exclude</c>.</summary>
internal static class MatrixReader
{
    /// <summary>As GitHub's.</summary>
    public const int MostRows = 256;

    public static MatrixDefinition? Matrix(this MappingReader job)
    {
        if (job.Get("matrix") is not { } node || MappingReader.Of(node, PipelineKeys.Matrix, job.Errors) is not { } matrix) return null;
        var axes = matrix.Others.Select(entry => Axis(entry, job.Errors)).OfType<(string Name, List<string> Values)>().ToList();
        var (include, exclude) = (Rows(matrix, "include"), Rows(matrix, "exclude"));
        var (failFast, limit) = (!matrix.Has("fail_fast") || matrix.Flag("fail_fast"), matrix.Number("max_parallel", 1, MostRows) ?? 0);
        if (!matrix.Others.Any() && !matrix.Has("include"))
        {
            job.Errors.Add(DiagnosticCodes.EmptyValue, job.PlaceOf("matrix"), "The matrix has no values; give it a list such as `os: [linux, windows]`, or `include`.");
            return null;
        }

        foreach (var unknown in exclude.SelectMany(row => row.Keys).Distinct(StringComparer.Ordinal).Where(name => !axes.Exists(axis => axis.Name == name)))
            job.Errors.Add(DiagnosticCodes.BadValue, matrix.PlaceOf("exclude"), $"`exclude` names `{Words.Short(unknown)}`, which is no list of this matrix.");
        if (axes.Aggregate(1L, (product, axis) => Math.Min(product * axis.Values.Count, int.MaxValue)) + include.Count > MostRows * 4L)
            return TooMany(job, null);
        var rows = Combine(axes, include, exclude);
        if (rows.Count > MostRows) return TooMany(job, rows.Count);
        if (rows.Count > 0) return new(rows, failFast, limit);
        if (axes.Count > 0 && axes.TrueForAll(axis => axis.Values.Count > 0)) job.Errors.Add(DiagnosticCodes.EmptyValue, job.PlaceOf("matrix"), "`exclude` leaves nothing of the matrix.");
        return null;
    }

    private static MatrixDefinition? TooMany(MappingReader job, int? count)
    {
        job.Errors.Add(DiagnosticCodes.TooManyJobs, job.PlaceOf("matrix"), $"The matrix has {(count is { } known ? known.ToString(CultureInfo.InvariantCulture) : "far too many")} jobs; one has at most {MostRows}.");
        return null;
    }

    private static List<MatrixRow> Combine(List<(string Name, List<string> Values)> axes, List<Dictionary<string, string>> include, List<Dictionary<string, string>> exclude)
    {
        var product = axes.Count == 0 ? [] : axes.Aggregate(
            new List<Dictionary<string, string>> { new(StringComparer.Ordinal) },
            (rows, axis) => [.. rows.SelectMany(_ => axis.Values, (row, value) => new Dictionary<string, string>(row, StringComparer.Ordinal) { [axis.Name] = value })]);
        product.RemoveAll(row => exclude.Exists(unwanted => unwanted.All(value => row.GetValueOrDefault(value.Key) == value.Value)));
        var labels = product.ConvertAll(row => Label(row.Values));
        var own = new List<MatrixRow>();
        var names = axes.Select(axis => axis.Name).ToHashSet(StringComparer.Ordinal);
        foreach (var extra in include)
        {
            var added = false;
            foreach (var row in product.Where(row => axes.Count > 0 && extra.All(value => !names.Contains(value.Key) || row[value.Key] == value.Value)))
            {
                added = true;
                foreach (var (name, value) in extra) row[name] = value;
            }

            if (!added) own.Add(new(extra, Label(extra.Values)));
        }

        return [.. product.Select((row, at) => new MatrixRow(row, labels[at])), .. own];
    }

    private static (string Name, List<string> Values)? Axis(YamlEntry entry, ErrorList errors)
    {
        if (!CheckName(entry.Key, errors)) return null;
        if (entry.Value is YamlSequence { Items.Count: > 0 } list)
            return (entry.Key.Value, [.. list.Items.Where(item => NoTemplate(item, errors)).Select(JsonOf).Distinct(StringComparer.Ordinal)]);
        errors.Add(entry.Value is YamlSequence ? DiagnosticCodes.EmptyValue : DiagnosticCodes.WrongType, entry.Value.Start,
            $"`{Words.Short(entry.Key.Value)}` of a matrix is a list of values such as `[1, 2]`, but this is {(entry.Value is YamlSequence ? "empty" : entry.Value.Kind)}.");
        return null;
    }

    private static List<Dictionary<string, string>> Rows(MappingReader matrix, string key)
    {
        var rows = new List<Dictionary<string, string>>();
        foreach (var item in matrix.Items(key, matrix.Get(key), "mappings") ?? [])
        {
            if (item is YamlMapping row)
                rows.Add(row.Entries.Where(entry => CheckName(entry.Key, matrix.Errors) && NoTemplate(entry.Value, matrix.Errors))
                    .ToDictionary(entry => entry.Key.Value, entry => JsonOf(entry.Value), StringComparer.Ordinal));
            else
                matrix.Errors.Add(DiagnosticCodes.WrongType, item.Start, $"Each item of `{key}` is a mapping such as `{{os: linux}}`, but this is {item.Kind}.");
        }

        return rows;
    }

    private static bool CheckName(YamlScalar name, ErrorList errors)
    {
        if (name.Value.Length is > 0 and <= 100 && (char.IsAsciiLetter(name.Value[0]) || name.Value[0] == '_') && name.Value.All(c => char.IsAsciiLetterOrDigit(c) || c is '_' or '-'))
            return true;
        errors.Add(DiagnosticCodes.BadName, name.Start, $"`{Words.Short(name.Value)}` cannot be a name in a matrix; names have letters, digits, `_` and `-`, and begin with a letter or `_`.");
        return false;
    }

    private static bool NoTemplate(YamlNode node, ErrorList errors) => node is not YamlScalar scalar || ExpressionCheck.Absent(scalar, "matrix", errors);

    private static string Label(IEnumerable<string> values) => string.Join(", ", values.Select(value => value.StartsWith('"') ? JsonSerializer.Deserialize(value, PlainJson.Default.String) : value));

    /// <summary>Only booleans and nothing have a type of their own: numbers stay as they are written, and expressions compare them as numbers anyway.</summary>
    private static string JsonOf(YamlNode node) => node switch
    {
        YamlScalar { IsNull: true } => "null",
        YamlScalar { Plain: true, Value: "true" or "True" or "TRUE" } => "true",
        YamlScalar { Plain: true, Value: "false" or "False" or "FALSE" } => "false",
        YamlScalar scalar => PlainJson.Text(scalar.Value),
        YamlSequence list => $"[{string.Join(',', list.Items.Select(JsonOf))}]",
        YamlMapping mapping => $"{{{string.Join(',', mapping.Entries.Select(entry => $"{PlainJson.Text(entry.Key.Value)}:{JsonOf(entry.Value)}"))}}}",
        _ => throw new InvalidOperationException($"{node.GetType().Name} is no value."),
    };
}
