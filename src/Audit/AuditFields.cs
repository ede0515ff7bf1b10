using System.Collections;
using System.Text.Json.Serialization;
using System.Text.RegularExpressions;

namespace PRTS.Audit;

/// <summary>
/// A small document of named values: what an action changes. There is no way in for whole objects: whoever records names every member, so
/// nothing gets in that nobody thought of. A secret is never among them; where one changed, its member is <see cref="AuditValue.Secret"/>.
/// </summary>
/// <example><c>new AuditFields { ["role"] = "admin", ["approvals"] = 2, ["password"] = AuditValue.Secret }</c></example>
[JsonConverter(typeof(AuditFieldsConverter))]
public sealed class AuditFields : IEnumerable<KeyValuePair<string, AuditValue>>
{
    /// <summary>Members of one document.</summary>
    public const int Most = 50;
    private static readonly Regex IsName = new(@"\A[A-Za-z0-9._-]{1,64}\z", RegexOptions.CultureInvariant | RegexOptions.NonBacktracking);
    private static readonly Regex IsOfSecrets = new(
        @"(password|passphrase|passwd|secret|token|credentials?|privatekey|apikey|signingkey)\z", RegexOptions.CultureInvariant | RegexOptions.IgnoreCase | RegexOptions.ExplicitCapture | RegexOptions.NonBacktracking);
    private readonly SortedDictionary<string, AuditValue> members = new(StringComparer.Ordinal);

    public int Count => members.Count;

    /// <summary>Members have 1–64 of A-Z a-z 0-9 . _ -.</summary>
    /// <exception cref="ArgumentException">
    /// The name is none, there are too many, or the name is one of secrets (it ends in password, secret, token, credential or the like) and the value is a text.
    /// </exception>
    public AuditValue this[string name]
    {
        get => members[name];
        set
        {
            if (!IsName.IsMatch(name)) throw new ArgumentException($"'{name}' is no name of an audit field.", nameof(name));
            if (value.IsOpenText && IsOfSecrets.IsMatch(name)) throw new ArgumentException($"The audit field '{name}' is named as secrets are: give AuditValue.Secret, or another name to what is none.", nameof(name));
            if (members.Count >= Most && !members.ContainsKey(name)) throw new ArgumentException($"An audit document has at most {Most} fields.", nameof(name));
            members[name] = value;
        }
    }

    /// <summary>What was written passes as it is: rules that came later do not count for it.</summary>
    internal void Restore(string name, AuditValue value) => members[name] = value;

    /// <summary>In the order of the canonical form: by UTF-16 code units.</summary>
    public IEnumerator<KeyValuePair<string, AuditValue>> GetEnumerator() => members.GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
}

/// <summary>A text, a whole number, a flag, a list of texts, or nothing. Texts are cut at 1,000 characters and lists at 100.</summary>
public readonly struct AuditValue
{
    private const int LongestList = 100;

    /// <summary>Beyond it, numbers are not the same everywhere where JSON is read (RFC 8785): they are written as texts.</summary>
    private const long LargestNumber = (1L << 53) - 1;
    private const string SecretText = "[secret]";

    /// <param name="content">Is taken as it is.</param>
    internal AuditValue(object? content) => Content = content;

    /// <summary>Null, string, long, bool or an array of strings.</summary>
    internal object? Content { get; }

    /// <summary>In the place of a secret that is set or has changed.</summary>
    public static AuditValue Secret => new(SecretText);

    internal bool IsOpenText => Content is string[] or (string and not SecretText);

    /// <summary>For people: a text as it is, the texts of a list with commas between, true, false or a number; empty for nothing.</summary>
    public override string ToString() => Content switch
    {
        null => "",
        bool flag => flag ? "true" : "false",
        long number => number.ToString(System.Globalization.CultureInfo.InvariantCulture),
        string[] texts => string.Join(", ", texts),
        var text => (string)text,
    };

    public static implicit operator AuditValue(string? text) => new(text is null ? null : AuditText.Value(text));

    public static implicit operator AuditValue(bool flag) => new(flag);

    public static implicit operator AuditValue(long number) =>
        new(number is > LargestNumber or < -LargestNumber ? number.ToString(System.Globalization.CultureInfo.InvariantCulture) : number);

    public static implicit operator AuditValue(DateTimeOffset time) => new(AuditTime.Text(time));

    public static implicit operator AuditValue(string[] texts) => List(texts);

    public static AuditValue List(IEnumerable<string> texts)
    {
        var all = texts.Select(AuditText.Value).ToList();
        return new((string[])[.. all.Take(LongestList), .. all.Count > LongestList ? new[] { $"… and {all.Count - LongestList} more" } : []]);
    }
}
