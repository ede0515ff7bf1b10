using System.Text;

namespace PRTS.Supervisor.Tests.Masking;

/// <summary>Secrets of every kind: what people choose, what programs make, and what nobody would.</summary>
internal sealed class RandomSecrets(int seed)
{
    private const string Marks = " !\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~";
    private readonly Random random = new(seed);

    public string Next()
    {
        var kind = random.Next(100) == 0 ? 7 : random.Next(7);
        var length = kind == 7 ? random.Next(100, 250) : random.Next(4, random.Next(5) == 0 ? 32 : 16);
        var text = new StringBuilder();
        while (text.Length < length)
            text.Append(Character(kind));
        // A line's end at either end is not masked.
        var secret = text.ToString().Trim('\r', '\n');
        return secret.Count(c => c is not ('\r' or '\n')) >= 4 ? secret : Next();
    }

    private string Character(int kind) => kind switch
    {
        0 => Letter(),
        1 => random.Next(3) == 0 ? Mark() : Letter(),
        2 => Mark(),
        3 => ((char)random.Next(1, 128)).ToString(), // Also control characters; no process has an argument or variable with a NUL.
        4 => Rune(0xA0, 0x800),
        5 => random.Next(3) == 0 ? Rune(0x10000, 0x110000) : Rune(0x800, 0x10000),
        6 => random.Next(6) == 0 ? "\n" : random.Next(8) == 0 ? Mark() : Letter(),
        _ => random.Next(60) == 0 ? "\n" : random.Next(5) == 0 ? Rune(0xA0, 0x3000) : random.Next(4) == 0 ? Mark() : Letter(),
    };

    private string Letter() => "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"[random.Next(62)].ToString();

    private string Mark() => Marks[random.Next(Marks.Length)].ToString();

    private string Rune(int from, int to)
    {
        while (true)
        {
            if (System.Text.Rune.TryCreate(random.Next(from, to), out var rune))
                return rune.ToString();
        }
    }
}
