using System.Globalization;

namespace PRTS.Pipelines.Expressions;

public enum ValueKind
{
    Null,
    Boolean,
    Number,
    Text,
    Array,
    Object,
}

/// <summary>
/// A value of an expression: immutable and JSON-like, with the coercions of GitHub Actions expressions
/// (https://docs.github.com/actions/reference/workflows-and-actions/expressions).
/// </summary>
public sealed class ExpressionValue
{
    public static readonly ExpressionValue Null = new(ValueKind.Null);
    public static readonly ExpressionValue True = new(ValueKind.Boolean) { number = 1 };
    public static readonly ExpressionValue False = new(ValueKind.Boolean);
    public static readonly ExpressionValue EmptyText = new(ValueKind.Text);

    private double number;
    private string text = "";
    private IReadOnlyList<ExpressionValue> items = [];
    private IReadOnlyList<KeyValuePair<string, ExpressionValue>> members = [];
    private StringComparison names = StringComparison.OrdinalIgnoreCase;

    private ExpressionValue(ValueKind kind) => Kind = kind;

    public ValueKind Kind { get; }

    /// <summary>True for the result of an object filter (<c>.*</c>): a further property or filter applies to each of its items.</summary>
    public bool IsFiltered { get; private init; }

    /// <summary>The items of an array; empty otherwise.</summary>
    public IReadOnlyList<ExpressionValue> Items => items;

    /// <summary>The members of an object in their order; empty otherwise. Names differ in more than case, but for variables: the last of several counts.</summary>
    public IReadOnlyList<KeyValuePair<string, ExpressionValue>> Members => members;

    public static ExpressionValue Of(bool value) => value ? True : False;

    public static ExpressionValue Of(double value) => new(ValueKind.Number) { number = value };

    public static ExpressionValue Of(string? value) => value is null ? Null : value.Length == 0 ? EmptyText : new(ValueKind.Text) { text = value };

    public static ExpressionValue Of(IEnumerable<ExpressionValue> values) => new(ValueKind.Array) { items = [.. values] };

    public static ExpressionValue Of(IEnumerable<KeyValuePair<string, ExpressionValue>> values)
    {
        var unique = new Dictionary<string, KeyValuePair<string, ExpressionValue>>(StringComparer.OrdinalIgnoreCase);
        foreach (var member in values)
            unique[member.Key] = member;
        return new(ValueKind.Object) { members = [.. unique.Values] };
    }

    public static ExpressionValue Of(IReadOnlyDictionary<string, string> values) =>
        Of(values.Select(pair => KeyValuePair.Create(pair.Key, Of(pair.Value))));

    /// <summary>Environment variables: as in a process's environment on Linux, and in GitHub's <c>env</c> there, case counts in their names.</summary>
    public static ExpressionValue OfVariables(IReadOnlyDictionary<string, string> variables) => new(ValueKind.Object)
    {
        members = [.. variables.Select(pair => KeyValuePair.Create(pair.Key, Of(pair.Value)))],
        names = StringComparison.Ordinal,
    };

    internal static ExpressionValue Filtered(IEnumerable<ExpressionValue> values) => new(ValueKind.Array) { items = [.. values], IsFiltered = true };

    /// <summary>The member of that name, in any case unless these are variables; null when this is no object or has none.</summary>
    public ExpressionValue? Member(string name)
    {
        foreach (var (key, value) in members)
        {
            if (string.Equals(key, name, names))
                return value;
        }

        return null;
    }

    /// <summary>False, 0, -0, NaN, an empty text and null are not true; all else is.</summary>
    public bool IsTrue => Kind switch
    {
        ValueKind.Null => false,
        ValueKind.Boolean => number != 0,
        ValueKind.Number => number != 0 && !double.IsNaN(number),
        ValueKind.Text => text.Length > 0,
        _ => true,
    };

    /// <summary>null 0, false 0, true 1, text by its number form or NaN (empty is 0), arrays and objects NaN.</summary>
    public double AsNumber => Kind switch
    {
        ValueKind.Null => 0,
        ValueKind.Boolean or ValueKind.Number => number,
        ValueKind.Text => Numbers.Parse(text),
        _ => double.NaN,
    };

    /// <summary>How the value reads inside a text: null is empty; arrays and objects read <c>Array</c> and <c>Object</c>.</summary>
    public string AsText => Kind switch
    {
        ValueKind.Null => "",
        ValueKind.Boolean => number != 0 ? "true" : "false",
        ValueKind.Number => Numbers.Format(number),
        ValueKind.Text => text,
        ValueKind.Array => "Array",
        _ => "Object",
    };

    public override string ToString() => AsText;
}

/// <summary>The number forms of expressions, in texts as in literals.</summary>
internal static class Numbers
{
    /// <summary>Decimal with exponent, <c>0x</c>, <c>0o</c>, <c>Infinity</c>; spaces around are ignored; empty is 0; else NaN.</summary>
    public static double Parse(string text)
    {
        var trimmed = text.AsSpan().Trim();
        if (trimmed.IsEmpty)
            return 0;
        if (trimmed.StartsWith("0x", StringComparison.Ordinal))
            return uint.TryParse(trimmed[2..], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var hex) ? (int)hex : double.NaN;
        if (trimmed.StartsWith("0o", StringComparison.Ordinal))
            return Octal(trimmed[2..]);
        if (trimmed is "Infinity" or "+Infinity")
            return double.PositiveInfinity;
        if (trimmed is "-Infinity")
            return double.NegativeInfinity;
        const NumberStyles style = NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint | NumberStyles.AllowExponent;
        return char.IsAsciiLetter(trimmed[^1]) || !double.TryParse(trimmed, style, CultureInfo.InvariantCulture, out var number) ? double.NaN : number;
    }

    /// <summary>At most 15 significant digits, as GitHub's runner prints (.NET's <c>G15</c>).</summary>
    public static string Format(double number) =>
        number == 0 ? "0"
        : double.IsPositiveInfinity(number) ? "Infinity"
        : double.IsNegativeInfinity(number) ? "-Infinity"
        : number.ToString("G15", CultureInfo.InvariantCulture);

    private static double Octal(ReadOnlySpan<char> digits)
    {
        var value = 0L;
        foreach (var digit in digits)
        {
            if (digit is < '0' or > '7' || value > uint.MaxValue)
                return double.NaN;
            value = (value * 8) + (digit - '0');
        }

        return digits.IsEmpty || value > uint.MaxValue ? double.NaN : (int)(uint)value;
    }
}
