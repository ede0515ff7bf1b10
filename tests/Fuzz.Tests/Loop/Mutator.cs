using System.Globalization;
using System.Text;

namespace PRTS.Fuzz.Tests.Loop;

/// <summary>Changes inputs: bytes, numbers, pieces of the format's language, pieces of other inputs.</summary>
internal sealed class Mutator(Random random, IReadOnlyList<byte[]> tokens)
{
    public const int Longest = 64 * 1024;
    private static readonly long[] Numbers = [0, 1, -1, 7, 8, 127, 128, 255, 256, 511, 512, 513, 1023, 4096, 32767, 65535, 65536, 999_999, int.MaxValue, uint.MaxValue, long.MaxValue, long.MinValue];

    /// <param name="other">What pieces may be taken of.</param>
    public byte[] Change(byte[] input, byte[] other)
    {
        var bytes = new List<byte>(input);
        for (var count = 1 << random.Next(5); count > 0; count--) Once(bytes, other);
        if (bytes.Count > Longest) bytes.RemoveRange(Longest, bytes.Count - Longest);
        return [.. bytes];
    }

    private void Once(List<byte> bytes, byte[] other)
    {
        if (bytes.Count == 0) bytes.Add(0);
        var at = random.Next(bytes.Count);
        switch (random.Next(13))
        {
            case 0: bytes[at] ^= (byte)(1 << random.Next(8)); break;
            case 1: bytes[at] = (byte)random.Next(256); break;
            case 2: bytes[at] += (byte)random.Next(-16, 17); break;
            case 3: bytes.Insert(at, (byte)random.Next(256)); break;
            case 4: bytes.RemoveRange(at, Length(bytes.Count - at)); break;
            case 5: bytes.InsertRange(random.Next(bytes.Count), bytes.GetRange(at, Length(bytes.Count - at))); break;
            case 6: Overwrite(bytes, random.Next(bytes.Count), [.. bytes.GetRange(at, Length(bytes.Count - at))]); break;
            case 7: bytes.InsertRange(at, Piece(other)); break;
            case 8: Overwrite(bytes, at, Piece(other)); break;
            case 9 or 10 when tokens.Count > 0: bytes.InsertRange(at, tokens[random.Next(tokens.Count)]); break;
            case 11 when tokens.Count > 0: Overwrite(bytes, at, tokens[random.Next(tokens.Count)]); break;
            default: Number(bytes, at); break;
        }
    }

    /// <summary>Mostly short; sometimes all that there is.</summary>
    private int Length(int most) => Math.Min(most, random.Next(4) switch { 0 => random.Next(1, 512), 1 => random.Next(1, 64), _ => random.Next(1, 9) });

    private byte[] Piece(byte[] other)
    {
        if (other.Length == 0) return [];
        var at = random.Next(other.Length);
        return other.AsSpan(at, Length(other.Length - at)).ToArray();
    }

    private static void Overwrite(List<byte> bytes, int at, byte[] with)
    {
        for (var i = 0; i < with.Length && at + i < bytes.Count; i++) bytes[at + i] = with[i];
    }

    /// <summary>Another number where one stands in digits; else one of some width in either order of bytes.</summary>
    private void Number(List<byte> bytes, int at)
    {
        var number = Numbers[random.Next(Numbers.Length)];
        var (start, end) = (at, at);
        while (start > 0 && char.IsAsciiDigit((char)bytes[start - 1])) start--;
        while (end < bytes.Count && char.IsAsciiDigit((char)bytes[end])) end++;
        if (end > start && random.Next(3) > 0)
        {
            bytes.RemoveRange(start, end - start);
            bytes.InsertRange(start, Encoding.ASCII.GetBytes(number.ToString(CultureInfo.InvariantCulture)));
            return;
        }

        var raw = BitConverter.GetBytes(number)[..(1 << random.Next(4))];
        if (random.Next(2) == 0) Array.Reverse(raw);
        Overwrite(bytes, at, raw);
    }
}
