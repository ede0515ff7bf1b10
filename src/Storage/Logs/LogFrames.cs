using System.Buffers;
using Snappier;

namespace PRTS.Storage.Logs;

/// <summary>
/// Cuts bytes into frames and compresses each with Snappy, which one core does at more than 400 MB/s (docs/adr/0002-log-path.md).
/// A frame that would not shrink is stored as it is.
/// </summary>
internal static class LogFrames
{
    public const int FrameLength = 64 * 1024;

    /// <summary>Compresses into a buffer of the shared pool, which the caller returns.</summary>
    public static (byte[] Buffer, int Length, IReadOnlyList<LogFrame> Frames) Compress(ReadOnlySpan<byte> raw)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(raw.Length + Snappy.GetMaxCompressedLength(FrameLength));
        var frames = new List<LogFrame>();
        var (stored, newlines) = (0, 0);
        for (var start = 0; start < raw.Length; start += FrameLength)
        {
            var frame = raw.Slice(start, Math.Min(FrameLength, raw.Length - start));
            var length = Snappy.Compress(frame, buffer.AsSpan(stored));
            if (length >= frame.Length)
            {
                frame.CopyTo(buffer.AsSpan(stored));
                length = frame.Length;
            }

            var lineFeeds = frame.Count((byte)'\n');
            frames.Add(new(start, frame.Length, stored, length, newlines, lineFeeds));
            stored += length;
            newlines += lineFeeds;
        }

        return (buffer, stored, frames);
    }

    public static ReadOnlyMemory<byte> Decompress(ReadOnlyMemory<byte> stored, LogFrame frame)
    {
        if (stored.Length == frame.RawLength) return stored;
        var raw = new byte[frame.RawLength];
        return Snappy.Decompress(stored.Span, raw) == raw.Length ? raw : throw new InvalidDataException("A frame of a log segment is damaged.");
    }
}
