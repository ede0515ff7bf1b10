using System.Globalization;
using System.Text;

namespace PRTS.Execution.Caches;

/// <summary>
/// The bytes of a tar archive as they come, without headers that claim much for what they say about an entry: names and attributes. The reader
/// of archives makes room for as much as a header claims before any of it comes, up to 2 GiB, so an archive of a kilobyte would take the agent down.
/// Looks at every block that is a header by its checksum, wherever it lies: what an entry's size is may be told in several ways, and need not be known here.
/// </summary>
internal sealed class TarHeaderLimit(Stream source) : Stream
{
    /// <summary>Bytes of names and attributes before an entry. Notes of a cache are among them.</summary>
    public const long Most = 16 << 20;

    private const int Block = 512;
    private static readonly Range Size = 124..136;
    private static readonly Range Checksum = 148..156;

    private readonly byte[] block = new byte[Block];
    private int filled;

    public override bool CanRead => true;
    public override bool CanSeek => false;
    public override bool CanWrite => false;
    public override long Length => throw new NotSupportedException();
    public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

    public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

    public override int Read(Span<byte> buffer)
    {
        var count = source.Read(buffer);
        Look(buffer[..count]);
        return count;
    }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        var count = await source.ReadAsync(buffer, cancellationToken);
        Look(buffer.Span[..count]);
        return count;
    }

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) => ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override void Flush()
    {
    }

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    private void Look(ReadOnlySpan<byte> bytes)
    {
        while (bytes.Length > 0)
        {
            var count = Math.Min(bytes.Length, Block - filled);
            bytes[..count].CopyTo(block.AsSpan(filled));
            bytes = bytes[count..];
            filled += count;
            if (filled < Block) return;
            filled = 0;
            if (block[156] is (byte)'x' or (byte)'g' or (byte)'L' or (byte)'K' && Claims() > Most)
                throw new InvalidDataException(string.Create(CultureInfo.InvariantCulture, $"it claims more than {Most} bytes for the name and the attributes of an entry"));
        }
    }

    /// <summary>Zero for what is no header.</summary>
    private long Claims()
    {
        var sum = 0;
        foreach (var one in block) sum += one;
        foreach (var one in block[Checksum]) sum += ' ' - one;
        if (Octal(block.AsSpan(Checksum)) != sum) return 0;
        // Another way to write numbers, for those that do not fit in digits.
        return block[Size][0] >= 0x80 ? long.MaxValue : Octal(block.AsSpan(Size));
    }

    private static long Octal(ReadOnlySpan<byte> field)
    {
        var digits = Encoding.ASCII.GetString(field).Trim('\0', ' ');
        return digits.Length > 0 && digits.All(digit => digit is >= '0' and <= '7') ? Convert.ToInt64(digits, 8) : 0;
    }
}
