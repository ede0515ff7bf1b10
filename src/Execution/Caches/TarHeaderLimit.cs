using System.Globalization;
using System.Text;

namespace PRTS.Execution.Caches;

/// <summary>
/// The bytes of a tar archive as they come, without headers that claim much for what they say about an entry: names and attributes. The reader
/// of archives makes room for as much as a header claims before any of it comes, up to 2 GiB, and looks at no checksum, so an archive of a kilobyte would take the agent down.
/// </summary>
internal sealed class TarHeaderLimit(Stream source) : Stream
{
    /// <summary>Bytes of names and attributes before an entry. Notes of a cache are among them.</summary>
    public const long Most = 16 << 20;

    private const int Block = 512;
    private const int Type = 156;
    private static readonly Range Size = 124..136;

    private readonly byte[] block = new byte[Block];
    private int filled;

    /// <summary>Blocks of names and attributes that come before the next header.</summary>
    private long data;
    private bool isAtHeader = true;

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

    /// <summary>The next block that begins is a header: all of the entry before was read, save what fills its last block.</summary>
    public void BeginHeader()
    {
        (isAtHeader, data) = (true, 0);
        if (filled > 0) data = 1;
    }

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
            if (data > 0) data--;
            else if (isAtHeader) LookAtHeader();
        }
    }

    private void LookAtHeader()
    {
        // Between entries there may be empty blocks.
        if (!block.AsSpan().ContainsAnyExcept((byte)0)) return;
        if (block[Type] is not ((byte)'x' or (byte)'g' or (byte)'L' or (byte)'K'))
        {
            isAtHeader = false;
            return;
        }

        var claimed = Octal(block.AsSpan()[Size]) ?? throw new InvalidDataException("it says in a way that is not understood how much it has of names and attributes of an entry");
        if (claimed > Most) throw new InvalidDataException(string.Create(CultureInfo.InvariantCulture, $"it claims more than {Most} bytes for the name and the attributes of an entry"));
        data = (claimed + Block - 1) / Block;
    }

    private static long? Octal(ReadOnlySpan<byte> field)
    {
        var digits = Encoding.ASCII.GetString(field).Trim('\0', ' ');
        return digits.Length == 0 ? 0 : digits.All(digit => digit is >= '0' and <= '7') ? Convert.ToInt64(digits, 8) : null;
    }
}
