using PRTS.Fuzz.Tests.Loop;

namespace PRTS.Fuzz.Tests.Targets;

/// <summary>A reader with a fault: the search must find it, or it finds nothing elsewhere either.</summary>
/// <param name="read">What it does with an input.</param>
internal sealed class PlantedTarget(string name, Action<byte[]> read) : IFuzzTarget
{
    public string Name => name;

    public IEnumerable<byte[]> Seeds => ["hello, world"u8.ToArray()];

    public IReadOnlyList<byte[]> Tokens => [];

    public void Run(byte[] input) => read(input);
}

/// <summary>Faults of each kind that a search finds.</summary>
internal static class PlantedFaults
{
    /// <summary>Nobody comes upon it by chance: byte after byte, in code of its own each, as a parser's states are.</summary>
    public static void Throw(byte[] input)
    {
        if (input.Length < 8) return;
        if (input[0] != 0x9C) return;
        if (input[1] != 0x17) return;
        if (input[2] != 0xE3) return;
        if (input[3] != (byte)(input[0] ^ input[4])) return;
        if (input[5] != 0x5A) return;
        if (input[6] != 0x81) return;
        throw new NotSupportedException("This is the planted fault.");
    }

    public static void TakeForever(byte[] input)
    {
        for (var count = 0L; IsWrong(input) && count >= 0; count = (count + 1) & long.MaxValue)
        {
        }
    }

    public static void TakeMemory(byte[] input)
    {
        for (var left = IsWrong(input) ? 2048 : 0; left > 0; left--) GC.KeepAlive(new byte[1 << 20]);
    }

    public static void OverflowTheStack(byte[] input) => Deeper(IsWrong(input) ? int.MaxValue : 1);

    private static bool IsWrong(byte[] input) => input is [0xFF, ..];

    private static int Deeper(int left) => left == 0 ? 0 : 1 + Deeper(left - 1);
}
