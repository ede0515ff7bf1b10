using System.Buffers;
using System.Text;

namespace PRTS.Supervisor.Masking;

/// <summary>More or longer secrets than can be masked.</summary>
public sealed class MaskLimitException(string message) : Exception(message);

/// <summary>
/// What must not be read in logs: secrets in all the forms that docs/adr/0013-masking.md names. Immutable; any number of
/// <see cref="Masker"/>s may use it at the same time.
/// </summary>
public sealed class Masks
{
    /// <summary>Bytes in UTF-8, line ends not counted. Shorter secrets, and shorter lines of longer ones, are not masked: a log in which they are cannot be read.</summary>
    public const int ShortestLength = 4;

    /// <summary>Of one secret, in bytes.</summary>
    public const int LongestLength = 64 << 10;

    /// <summary>Of all secrets, in bytes.</summary>
    public const int LongestTotal = 1 << 20;
    public const int MostSecrets = 1000;

    /// <summary>What stands where a secret stood.</summary>
    public const string Mask = "***";

    public static readonly Masks None = new([]);

    private readonly List<Needle> needles;
    private readonly IReadOnlyCollection<string> values;

    private Masks(IReadOnlyCollection<string> values)
    {
        this.values = values;
        needles = Needle.All(values);
        var all = new List<(uint, int)>();
        var beginnings = new Beginnings();
        for (var i = 0; i < needles.Count; i++)
        {
            foreach (var form in needles[i].Forms())
            {
                foreach (var beginning in beginnings.Of(needles[i], form))
                    all.Add((beginning, i << FormBits | (int)form));
            }
        }
        Index = new(all);
    }

    private const int FormBits = 4;

    /// <summary>True: nothing is masked.</summary>
    public bool IsEmpty => needles.Count == 0;

    internal BeginningIndex Index { get; }

    /// <summary>Those that are too short count for nothing; the same twice counts once.</summary>
    /// <exception cref="MaskLimitException">There are more or longer ones than can be masked; says which limit.</exception>
    public static Masks Of(IEnumerable<string> secrets)
    {
        var all = new HashSet<string>(secrets, StringComparer.Ordinal);
        if (all.Count == 0)
            return None;
        if (all.Count > MostSecrets)
            throw new MaskLimitException($"there are {all.Count} secrets; at most {MostSecrets} can be masked");
        if (all.Max(Encoding.UTF8.GetByteCount) is > LongestLength and var longest)
            throw new MaskLimitException($"a secret has {longest} bytes; at most {LongestLength} can be masked");
        if (all.Sum(Encoding.UTF8.GetByteCount) is > LongestTotal and var total)
            throw new MaskLimitException($"the secrets have {total} bytes together; at most {LongestTotal} can be masked");
        return new(all);
    }

    /// <summary>These and some more, however many: each agent that a job had has kept to the limits.</summary>
    internal Masks With(IEnumerable<string> secrets)
    {
        var all = new HashSet<string>(values, StringComparer.Ordinal);
        all.UnionWith(secrets);
        return all.Count == values.Count ? this : new(all);
    }

    /// <summary>The text with every secret masked.</summary>
    public string Apply(string text)
    {
        if (IsEmpty)
            return text;
        var masked = new ArrayBufferWriter<byte>(text.Length + Mask.Length);
        var masker = new Masker(this, bytes => masked.Write(bytes));
        masker.Append(Encoding.UTF8.GetBytes(text));
        masker.End(hideUnfinished: false);
        return masker.HasMasked ? Encoding.UTF8.GetString(masked.WrittenSpan) : text;
    }

    /// <summary>Whether a secret stands in the text, in any form.</summary>
    public bool Contains(string text) => !ReferenceEquals(Apply(text), text);

    /// <summary>Of many that begin alike most differ soon, and without reading any form that is known at once.</summary>
    /// <param name="plain">Text without <see cref="Letters.ThatNeedReading"/>.</param>
    internal bool MayStandIn(int value, ReadOnlySpan<byte> plain) => FormOf(value) >= Form.Hex
        || needles[value >> FormBits].Bytes.AsSpan() is var bytes && plain.CommonPrefixLength(bytes) == Math.Min(plain.Length, bytes.Length);

    internal Candidate Candidate(int value, int start) => new(needles[value >> FormBits], FormOf(value), start);

    private static Form FormOf(int value) => (Form)(value & ((1 << FormBits) - 1));
}
