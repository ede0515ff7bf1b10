using System.Globalization;
using System.Text;
using PRTS.Audit.Merkle;

namespace PRTS.Audit.Checkpoints;

/// <summary>
/// A signed statement of what a tenant's log was at a size: a checkpoint as C2SP's tlog-checkpoint has them, in a signed note. The lines are
/// origin, size, root hash (base64), <c>time</c> and <c>key</c> (the public key, base64, so that who keeps a checkpoint has the key too), then an
/// empty line and the signature: <c>— origin base64(key id, signature)</c>. Every line ends with a line feed, and there is one way to write it.
/// </summary>
public sealed record Checkpoint
{
    private const string OriginPrefix = "prts-audit/";
    private const string TimeWord = "time ";
    private const string KeyWord = "key ";
    private const string SignatureMark = "— ";
    private static readonly UTF8Encoding Strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    private Checkpoint()
    {
    }

    public required string Tenant { get; init; }

    /// <summary>Entries: those with the numbers 1 to this.</summary>
    public required long Size { get; init; }
    public required MerkleHash Root { get; init; }
    public required DateTimeOffset At { get; init; }
    public required AuditPublicKey Key { get; init; }
    public required ReadOnlyMemory<byte> Signature { get; init; }

    /// <summary>The whole note.</summary>
    public string Text => $"{Body}\n{SignatureMark}{OriginPrefix}{Tenant} {Convert.ToBase64String([.. Key.Id, .. Signature.Span])}\n";

    /// <summary>Whether its own key signed it. Who trusts that key is another question.</summary>
    public bool IsSigned => Key.Verifies(Encoding.UTF8.GetBytes(Body), Signature.Span);

    private string Body => string.Create(
        CultureInfo.InvariantCulture,
        $"{OriginPrefix}{Tenant}\n{Size}\n{Convert.ToBase64String(Root.ToArray())}\n{TimeWord}{AuditTime.Text(At)}\n{KeyWord}{Convert.ToBase64String(Key.Spki)}\n");

    public static async Task<Checkpoint> Sign(string tenant, long size, MerkleHash root, DateTimeOffset at, IAuditKey key, CancellationToken cancellationToken = default)
    {
        var unsigned = new Checkpoint
        {
            Tenant = tenant,
            Size = size,
            Root = root,
            At = AuditTime.Truncate(at),
            Key = await key.Public(cancellationToken),
            Signature = default,
        };
        return unsigned with { Signature = await key.Sign(Encoding.UTF8.GetBytes(unsigned.Body), cancellationToken) };
    }

    /// <returns>Null when it is not exactly a checkpoint, to the last byte. The signature is not looked at.</returns>
    public static Checkpoint? Parse(ReadOnlySpan<byte> note)
    {
        try
        {
            var text = Strict.GetString(note);
            // What can be read in a second way (spaces in base64, leading zeroes) is not what is written again.
            return Read(text.Split('\n')) is { } checkpoint && checkpoint.Text == text ? checkpoint : null;
        }
        catch (Exception error) when (error is FormatException or DecoderFallbackException or OverflowException)
        {
            return null;
        }
    }

    private static Checkpoint? Read(string[] lines)
    {
        if (lines is not [var origin, var size, var root, var time, var key, "", var signature, ""]) return null;
        if (!origin.StartsWith(OriginPrefix, StringComparison.Ordinal) || !time.StartsWith(TimeWord, StringComparison.Ordinal) || !key.StartsWith(KeyWord, StringComparison.Ordinal)) return null;
        if (!AuditTime.TryRead(time[TimeWord.Length..], out var at) || Convert.FromBase64String(root) is not { Length: MerkleHash.Length } hash) return null;
        if (AuditPublicKey.FromSpki(Convert.FromBase64String(key[KeyWord.Length..])) is not { } signer) return null;
        if (signature.Split(' ') is not ["—", _, var signed] || Convert.FromBase64String(signed) is not { Length: > 4 } bytes) return null;
        return new Checkpoint
        {
            Tenant = origin[OriginPrefix.Length..],
            Size = long.Parse(size, NumberStyles.None, CultureInfo.InvariantCulture),
            Root = new MerkleHash(hash),
            At = at,
            Key = signer,
            Signature = bytes.AsMemory(4),
        };
    }
}
