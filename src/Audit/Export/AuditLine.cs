using System.Text;
using PRTS.Audit.Checkpoints;
using PRTS.Audit.Merkle;

namespace PRTS.Audit.Export;

/// <summary>
/// A line of an export as JSON: the entry's canonical form with one more member at its end, <c>hash</c>, the hash of its leaf. Whoever takes
/// that member off again has the bytes that were hashed. The last line of a whole export is <c>{"checkpoint":"…"}</c>.
/// </summary>
public static class AuditLine
{
    private const int HexLength = 2 * MerkleHash.Length;
    private static readonly byte[] BeforeHash = ",\"hash\":\""u8.ToArray();
    private static readonly byte[] AfterHash = "\"}"u8.ToArray();
    private static readonly byte[] BeforeNote = "{\"checkpoint\":"u8.ToArray();

    /// <summary>Without the line feed.</summary>
    /// <param name="canonical">The entry's canonical form.</param>
    /// <param name="hash">Of its leaf, as the log keeps it.</param>
    public static byte[] Of(ReadOnlySpan<byte> canonical, MerkleHash hash) => [.. canonical[..^1], .. BeforeHash, .. Encoding.ASCII.GetBytes(hash.ToString()), .. AfterHash];

    public static byte[] Of(Checkpoint checkpoint)
    {
        var json = new StringBuilder();
        Canonical.Write(json, checkpoint.Text);
        return [.. BeforeNote, .. Encoding.UTF8.GetBytes(json.ToString()), (byte)'}'];
    }

    /// <summary>Takes the hash off.</summary>
    /// <returns>Null when the line does not end with one.</returns>
    internal static (byte[] Canonical, string Hash)? Split(ReadOnlySpan<byte> line)
    {
        var end = line.Length - BeforeHash.Length - HexLength - AfterHash.Length;
        if (end < 1 || !line[end..].StartsWith(BeforeHash) || !line.EndsWith(AfterHash)) return null;
        return ([.. line[..end], (byte)'}'], Encoding.Latin1.GetString(line.Slice(end + BeforeHash.Length, HexLength)));
    }

    internal static bool IsCheckpoint(ReadOnlySpan<byte> line) => line.StartsWith(BeforeNote);

    /// <returns>Null when the line is not exactly that of a checkpoint.</returns>
    internal static Checkpoint? Checkpoint(ReadOnlySpan<byte> line)
    {
        try
        {
            var reader = new System.Text.Json.Utf8JsonReader(line);
            if (!reader.Read() || !reader.Read() || !reader.Read() || reader.TokenType != System.Text.Json.JsonTokenType.String) return null;
            return Checkpoints.Checkpoint.Parse(Encoding.UTF8.GetBytes(reader.GetString()!)) is { } checkpoint && line.SequenceEqual(Of(checkpoint)) ? checkpoint : null;
        }
        catch (Exception error) when (error is System.Text.Json.JsonException or InvalidOperationException)
        {
            return null;
        }
    }
}
