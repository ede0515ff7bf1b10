using System.Security.Cryptography;
using System.Text;

namespace PRTS.Api.Webhooks;

/// <summary>Whether a delivery comes from who knows the webhook's secret. Pure; takes as long for what differs late as for what differs early.</summary>
public static class WebhookSignature
{
    private const string Sha256 = "sha256=";

    /// <param name="secret">The webhook's, UTF-8.</param>
    /// <param name="signature">Of <c>X-Hub-Signature-256</c> (GitHub, Gitea, Forgejo): <c>sha256=</c> and the HMAC of the body in hex; null: there is none.</param>
    /// <param name="token">Of <c>X-Gitlab-Token</c>: the secret itself. Does not count beside a signature, which says more; null: there is none.</param>
    public static bool IsRight(ReadOnlySpan<byte> secret, ReadOnlySpan<byte> body, string? signature, string? token)
    {
        Span<byte> expected = stackalloc byte[HMACSHA256.HashSizeInBytes];
        Span<byte> given = stackalloc byte[HMACSHA256.HashSizeInBytes];
        if (signature is not null)
        {
            HMACSHA256.HashData(secret, body, expected);
            return signature.Length == Sha256.Length + (2 * given.Length) && signature.StartsWith(Sha256, StringComparison.Ordinal)
                && Convert.FromHexString(signature.AsSpan(Sha256.Length), given, out _, out _) == System.Buffers.OperationStatus.Done
                && CryptographicOperations.FixedTimeEquals(expected, given);
        }

        // Hashed, so that the length of the secret does not show either.
        SHA256.HashData(secret, expected);
        SHA256.HashData(Encoding.UTF8.GetBytes(token ?? ""), given);
        return CryptographicOperations.FixedTimeEquals(expected, given) && token is not null;
    }
}
