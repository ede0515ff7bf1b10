using PRTS.Audit.Verification;
using PRTS.Cli.Connection;

namespace PRTS.Cli.Audit;

/// <summary>Copies an export of the audit log while it is read to see whether it is whole.</summary>
internal sealed class CheckedCopy(Stream source, Stream output) : Stream
{
    public override bool CanRead => true;
    public override bool CanSeek => false;
    public override bool CanWrite => false;
    public override long Length => throw new NotSupportedException();
    public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

    /// <summary>All of it is copied, also what follows the fault.</summary>
    public static AuditFault? Run(Stream source, Stream output)
    {
        using var copy = new CheckedCopy(source, output);
        var fault = ExportVerifier.Check(copy);
        copy.CopyTo(Null);
        return fault;
    }

    public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

    public override int Read(Span<byte> buffer)
    {
        var count = 0;
        try
        {
            count = source.Read(buffer);
        }
        catch (IOException error)
        {
            throw new UnreachableError($"The connection broke before the end ({error.Message.TrimEnd('.')}). Try again.");
        }

        output.Write(buffer[..count]);
        return count;
    }

    public override void Flush()
    {
    }

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
}
