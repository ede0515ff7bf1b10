using PRTS.Fuzz.Tests.Loop;

namespace PRTS.Fuzz.Tests.Targets;

/// <summary>A reader with a fault that nobody comes upon by chance: the search must find it, or it finds nothing elsewhere either.</summary>
internal sealed class PlantedTarget : IFuzzTarget
{
    public string Name => "planted";

    public IEnumerable<byte[]> Seeds => ["hello, world"u8.ToArray()];

    public IReadOnlyList<byte[]> Tokens => [];

    public void Run(byte[] input) => PlantedReader.Read(input);
}

/// <summary>Byte after byte, in code of its own each, as a parser's states are.</summary>
internal static class PlantedReader
{
    public static int Read(ReadOnlySpan<byte> input)
    {
        if (input.Length < 8) return 0;
        if (input[0] != 0x9C) return 1;
        if (input[1] != 0x17) return 2;
        if (input[2] != 0xE3) return 3;
        if (input[3] != (byte)(input[0] ^ input[4])) return 4;
        if (input[5] != 0x5A) return 5;
        if (input[6] != 0x81) return 6;
        throw new NotSupportedException("This is the planted fault.");
    }
}
