using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;

namespace PRTS.Web.Access;

/// <summary>Random secrets that only their owner keeps: we store the SHA-256, which is enough for 256 random bits.</summary>
public static class Credentials
{
    public const string AccessTokenPrefix = "prts_";
    public const string AgentTokenPrefix = "prtsa_";

    public static string Create(string prefix) => prefix + Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(32));

    public static byte[] Sha256(string secret) => SHA256.HashData(Encoding.UTF8.GetBytes(secret));

    /// <summary>The part of a secret that may be shown again, for its owner to recognise it by.</summary>
    public static string Recognisable(string secret) => secret[..Math.Min(secret.Length, secret.IndexOf('_', StringComparison.Ordinal) + 7)];
}
