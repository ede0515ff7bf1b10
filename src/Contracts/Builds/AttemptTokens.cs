using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;

namespace PRTS.Contracts.Builds;

/// <summary>
/// Makes and checks attempt tokens: an HMAC over the attempt's key and the agent that holds it, so any server can check one without
/// asking anybody. Who has the token may report for, log to, clone for and upload to this one attempt, and read what its build keeps (docs/adr/0001).
/// </summary>
/// <param name="key">The cluster's secret, 32 bytes, the same on every server, never on agents.</param>
public sealed class AttemptTokens(byte[] key)
{
    private const string Prefix = "prtsj_";

    public string Create(AttemptId attempt, string agent) => Token(Encoding.UTF8.GetBytes($"{attempt.Key}\n{agent}"));

    /// <summary>The attempt and agent that the token was made for; null when it is not one of ours.</summary>
    public (AttemptId Attempt, string Agent)? Read(string? token)
    {
        if (token is null || !token.StartsWith(Prefix, StringComparison.Ordinal) || token.IndexOf('.') is var dot && dot < 0)
            return null;
        // Base64 has several spellings of the same bytes; only the one that we wrote is a token.
        if (Decode(token.AsSpan(Prefix.Length, dot - Prefix.Length)) is not { } payload || !CryptographicOperations.FixedTimeEquals(Encoding.UTF8.GetBytes(Token(payload)), Encoding.UTF8.GetBytes(token)))
            return null;
        var text = Encoding.UTF8.GetString(payload);
        var cut = text.IndexOf('\n', StringComparison.Ordinal);
        return (AttemptId.FromKey(text[..cut]), text[(cut + 1)..]);
    }

    /// <summary>Whether the token is for this attempt.</summary>
    public bool Allows(string? token, AttemptId attempt) => Read(token) is { } holder && holder.Attempt == attempt;

    private static byte[]? Decode(ReadOnlySpan<char> text) => Base64Url.IsValid(text) ? Base64Url.DecodeFromChars(text) : null;

    private string Token(byte[] payload) => $"{Prefix}{Base64Url.EncodeToString(payload)}.{Base64Url.EncodeToString(HMACSHA256.HashData(key, payload))}";
}
