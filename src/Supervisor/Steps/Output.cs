using System.Buffers;
using System.Text;
using PRTS.Supervisor.Masking;

namespace PRTS.Supervisor.Steps;

/// <summary>
/// Where a step's output goes: secrets are masked, then it goes into the spool as it comes; or, where other steps write there at the same
/// time, line by line, each with the step's label before it.
/// </summary>
/// <param name="masks">What is to be masked now; it may become more.</param>
internal sealed class Output(Spool spool, string label, Func<Masks> masks)
{
    /// <summary>Bytes. A longer line is cut, and goes on with a label of its own.</summary>
    private const int LongestLine = 64 << 10;
    private readonly byte[] prefix = label.Length == 0 ? [] : Encoding.UTF8.GetBytes($"[{masks().Apply(label)}] ");
    private readonly ArrayBufferWriter<byte> line = new();
    private readonly ArrayBufferWriter<byte> whole = new();

    /// <summary>Null while there is nothing to mask.</summary>
    private Masker? masker;

    /// <summary>Whether <see cref="Quiet"/> would pass something on.</summary>
    public bool Waits => masker?.Waits == true;

    public void Append(ReadOnlySpan<byte> bytes)
    {
        var now = masks();
        if (masker is null && now.IsEmpty)
        {
            Take(bytes);
            return;
        }
        masker ??= new(now, Take);
        masker.Use(now);
        masker.Append(bytes);
    }

    /// <summary>The step has not written for a moment.</summary>
    public void Quiet() => masker?.Quiet();

    /// <summary>The step wrote its last byte; a line without its end gets one.</summary>
    public void Finish()
    {
        masker?.End();
        if (line.WrittenCount > 0)
            EndLine();
        Pass();
    }

    private void Take(ReadOnlySpan<byte> bytes)
    {
        if (prefix.Length == 0)
        {
            spool.Append(bytes);
            return;
        }
        while (bytes.Length > 0)
        {
            var part = bytes[..Math.Min(bytes.IndexOf((byte)'\n') is >= 0 and var feed ? feed + 1 : bytes.Length, LongestLine - line.WrittenCount)];
            line.Write(part);
            bytes = bytes[part.Length..];
            if (part[^1] == '\n' || line.WrittenCount == LongestLine)
                EndLine();
        }
        Pass();
    }

    private void EndLine()
    {
        whole.Write(prefix);
        whole.Write(line.WrittenSpan);
        if (line.WrittenSpan[^1] != '\n')
            whole.Write("\n"u8);
        line.ResetWrittenCount();
    }

    private void Pass()
    {
        if (whole.WrittenCount > 0)
            spool.Append(whole.WrittenSpan);
        whole.ResetWrittenCount();
    }
}
