using System.Buffers;
using System.Text;
using PRTS.Supervisor.Masking;

namespace PRTS.Supervisor.Tests.Masking;

/// <summary>A masker, and what it has passed on.</summary>
internal sealed class MaskedStream
{
    private readonly ArrayBufferWriter<byte> passed = new();

    public MaskedStream(Masks masks) => Masker = new(masks, bytes => passed.Write(bytes));

    public Masker Masker { get; }

    public ReadOnlySpan<byte> Bytes => passed.WrittenSpan;

    public string Text => Encoding.UTF8.GetString(passed.WrittenSpan);

    public MaskedStream Append(string text)
    {
        Masker.Append(Encoding.UTF8.GetBytes(text));
        return this;
    }

    public MaskedStream End()
    {
        Masker.End();
        return this;
    }

    public void Clear() => passed.ResetWrittenCount();
}
