using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Konscious.Security.Cryptography;

namespace PRTS.Web.Access;

/// <summary>More passwords wait to be checked than the server has memory and patience for.</summary>
public sealed class TooManyPasswordsException() : Exception("Too many passwords are being checked now; try again in a few seconds.");

/// <summary>
/// Argon2id, stored as a PHC string (<c>$argon2id$v=19$m=…,t=…,p=…$salt$hash</c>), so that the costs can be raised later.
/// Each hash takes 19 MiB: only as many run at once as there are cores, and only so many wait.
/// </summary>
public sealed class PasswordHasher : IDisposable
{
    private const int MemoryKiB = 19 * 1024;
    private const int Iterations = 2;
    private const int Lanes = 1;
    private const int SaltLength = 16;
    private const int HashLength = 32;
    private const int MostWaiting = 64;

    private readonly SemaphoreSlim running = new(Math.Max(1, Environment.ProcessorCount));
    private readonly Lazy<string> nobody = new(() => Encode(MemoryKiB, Iterations, Lanes, RandomNumberGenerator.GetBytes(SaltLength), RandomNumberGenerator.GetBytes(HashLength)));
    private int waiting;

    /// <summary>A hash that no password has: checking against it takes as long as checking a real one.</summary>
    public string Nobody => nobody.Value;

    public async Task<string> Hash(string password, CancellationToken cancellationToken = default)
    {
        var salt = RandomNumberGenerator.GetBytes(SaltLength);
        return Encode(MemoryKiB, Iterations, Lanes, salt, await Compute(password, salt, MemoryKiB, Iterations, Lanes, HashLength, cancellationToken));
    }

    public async Task<bool> Verify(string password, string encoded, CancellationToken cancellationToken = default) =>
        Parse(encoded) is { } stored
        && CryptographicOperations.FixedTimeEquals(
            await Compute(password, stored.Salt, stored.Memory, stored.Iterations, stored.Lanes, stored.Hash.Length, cancellationToken), stored.Hash);

    /// <summary>Whether the hash was made with other costs than today's.</summary>
    public static bool IsOutdated(string encoded) =>
        Parse(encoded) is not { Memory: MemoryKiB, Iterations: Iterations, Lanes: Lanes, Salt.Length: SaltLength, Hash.Length: HashLength };

    public void Dispose() => running.Dispose();

    private async Task<byte[]> Compute(string password, byte[] salt, int memory, int iterations, int lanes, int length, CancellationToken cancellationToken)
    {
        if (Interlocked.Increment(ref waiting) > MostWaiting)
        {
            Interlocked.Decrement(ref waiting);
            throw new TooManyPasswordsException();
        }

        try
        {
            await running.WaitAsync(cancellationToken);
            try
            {
                using var argon = new Argon2id(Encoding.UTF8.GetBytes(password)) { Salt = salt, MemorySize = memory, Iterations = iterations, DegreeOfParallelism = lanes };
                return await argon.GetBytesAsync(length);
            }
            finally
            {
                running.Release();
            }
        }
        finally
        {
            Interlocked.Decrement(ref waiting);
        }
    }

    private static string Encode(int memory, int iterations, int lanes, byte[] salt, byte[] hash) =>
        string.Create(CultureInfo.InvariantCulture, $"$argon2id$v=19$m={memory},t={iterations},p={lanes}${Base64(salt)}${Base64(hash)}");

    private static (int Memory, int Iterations, int Lanes, byte[] Salt, byte[] Hash)? Parse(string encoded)
    {
        if (encoded.Split('$') is not ["", "argon2id", "v=19", var costs, var salt, var hash]) return null;
        var numbers = costs.Split(',').Select(cost => cost.Split('=')).Where(pair => pair.Length == 2)
            .ToDictionary(pair => pair[0], pair => int.TryParse(pair[1], NumberStyles.None, CultureInfo.InvariantCulture, out var value) ? value : 0, StringComparer.Ordinal);
        return numbers.TryGetValue("m", out var memory) && numbers.TryGetValue("t", out var iterations) && numbers.TryGetValue("p", out var lanes)
            && memory is >= 8 and <= 1 << 20 && iterations is > 0 and <= 100 && lanes is > 0 and <= 16
            ? (memory, iterations, lanes, FromBase64(salt), FromBase64(hash))
            : null;
    }

    /// <summary>PHC strings have Base64 without padding.</summary>
    private static string Base64(byte[] bytes) => Convert.ToBase64String(bytes).TrimEnd('=');

    private static byte[] FromBase64(string text) => Convert.FromBase64String(text + new string('=', (4 - (text.Length % 4)) % 4));
}
