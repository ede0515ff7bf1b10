namespace PRTS.Fuzz.Tests.Loop;

/// <summary>A reader of bytes that anybody may have written.</summary>
internal interface IFuzzTarget
{
    string Name { get; }

    /// <summary>Inputs to begin with; at least one.</summary>
    IEnumerable<byte[]> Seeds { get; }

    /// <summary>What the reader looks for.</summary>
    IReadOnlyList<byte[]> Tokens { get; }

    /// <summary>A change that knows the format; null when the input has none.</summary>
    byte[]? Vary(Random random, byte[] input) => null;

    /// <summary>Throws when the reader does anything but accept the input or refuse it as it says it does.</summary>
    void Run(byte[] input);
}
