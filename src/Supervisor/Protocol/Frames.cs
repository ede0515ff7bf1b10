using System.Buffers.Binary;
using System.Text;

namespace PRTS.Supervisor.Protocol;

/// <summary>A step's process, wholly decided by the agent.</summary>
/// <param name="Index">The step's position; an index that ever ran, or one below it of another group, is ignored: nothing runs twice.</param>
/// <param name="Argv">The first is the program's absolute path.</param>
/// <param name="Environment">All of it, as <c>NAME=value</c>.</param>
/// <param name="Uid">Whose rights it gets; -1 leaves the supervisor's own.</param>
/// <param name="TimeoutMs">-1: none.</param>
/// <param name="GraceMs">From SIGTERM to SIGKILL.</param>
/// <param name="Group">Steps of one group may run at the same time; -1: it runs alone.</param>
/// <param name="Label">Stands before each line of the output, which is then passed on line by line; empty: none.</param>
public sealed record RunStep(
    int Index, IReadOnlyList<string> Argv, IReadOnlyList<string> Environment, string WorkingDirectory, int Uid, int Gid, long TimeoutMs, long GraceMs, int Group = -1, string Label = "");

/// <summary>How far journal and spool have grown, so that the agent reads on. Both files are the truth; this is the bell.</summary>
public readonly record struct SupervisorStatus(long JournalLength, long LogLength, SpoolState Spool);

public enum SpoolState
{
    Flowing = 0,

    /// <summary>The spool has reached its limit; the step's writes wait for acknowledgements.</summary>
    Full = 1,

    /// <summary>The disk takes no more; the supervisor tries again until it does.</summary>
    DiskFull = 2,
}

public enum FrameKind : byte
{
    Run = 1,
    Cancel = 2,
    Acknowledge = 3,
    Exit = 4,
    Mask = 5,
    Status = 128,
}

/// <summary>Frames on the control socket: length of what follows (32 bits, little-endian), kind (a byte), payload.</summary>
public static class Frames
{
    public const int HeaderSize = 5;
    public const int MaximumLength = 16 << 20;
    public const int StatusSize = HeaderSize + 17;

    public static byte[] Run(RunStep step) => Frame(FrameKind.Run, writer =>
    {
        writer.Write(step.Index);
        WriteList(writer, step.Argv);
        WriteList(writer, step.Environment);
        writer.Write(step.WorkingDirectory);
        writer.Write(step.Uid);
        writer.Write(step.Gid);
        writer.Write(step.TimeoutMs);
        writer.Write(step.GraceMs);
        writer.Write(step.Group);
        writer.Write(step.Label);
    });

    public static RunStep ReadRun(byte[] payload)
    {
        using var reader = new BinaryReader(new MemoryStream(payload, writable: false), Encoding.UTF8);
        return new(reader.ReadInt32(), ReadList(reader), ReadList(reader), reader.ReadString(), reader.ReadInt32(), reader.ReadInt32(), reader.ReadInt64(), reader.ReadInt64(), reader.ReadInt32(), reader.ReadString());
    }

    /// <summary>Ends the running step if it is this one.</summary>
    public static byte[] Cancel(int index) => Frame(FrameKind.Cancel, writer => writer.Write(index));

    public static int ReadCancel(byte[] payload) => BinaryPrimitives.ReadInt32LittleEndian(payload);

    /// <summary>All log bytes before the offset are durable elsewhere: their segments may go.</summary>
    public static byte[] Acknowledge(long durable) => Frame(FrameKind.Acknowledge, writer => writer.Write(durable));

    public static long ReadAcknowledge(byte[] payload) => BinaryPrimitives.ReadInt64LittleEndian(payload);

    /// <summary>From now on these secrets are masked in every step's output, beside those of earlier frames. They are nowhere but in the supervisor's memory.</summary>
    public static byte[] Mask(IReadOnlyList<string> secrets) => Frame(FrameKind.Mask, writer => WriteList(writer, secrets));

    public static IReadOnlyList<string> ReadMask(byte[] payload)
    {
        using var reader = new BinaryReader(new MemoryStream(payload, writable: false), Encoding.UTF8);
        return ReadList(reader);
    }

    /// <summary>The job is over: a running step is killed, the supervisor leaves.</summary>
    public static byte[] Exit() => Frame(FrameKind.Exit, static _ => { });

    public static void WriteStatus(Span<byte> frame, SupervisorStatus status)
    {
        BinaryPrimitives.WriteInt32LittleEndian(frame, StatusSize - 4);
        frame[4] = (byte)FrameKind.Status;
        BinaryPrimitives.WriteInt64LittleEndian(frame[5..], status.JournalLength);
        BinaryPrimitives.WriteInt64LittleEndian(frame[13..], status.LogLength);
        frame[21] = (byte)status.Spool;
    }

    public static SupervisorStatus ReadStatus(ReadOnlySpan<byte> payload) =>
        new(BinaryPrimitives.ReadInt64LittleEndian(payload), BinaryPrimitives.ReadInt64LittleEndian(payload[8..]), (SpoolState)payload[16]);

    /// <summary>Reads one frame; null at the end of the stream.</summary>
    public static (FrameKind Kind, byte[] Payload)? Read(Stream stream)
    {
        Span<byte> header = stackalloc byte[HeaderSize];
        if (stream.ReadAtLeast(header, HeaderSize, throwOnEndOfStream: false) < HeaderSize)
            return null;
        var payload = new byte[PayloadLength(header)];
        stream.ReadExactly(payload);
        return ((FrameKind)header[4], payload);
    }

    public static int PayloadLength(ReadOnlySpan<byte> header) =>
        BinaryPrimitives.ReadInt32LittleEndian(header) is >= 1 and <= MaximumLength and var length
            ? length - 1
            : throw new InvalidDataException("The control socket carried something that is no frame.");

    private static byte[] Frame(FrameKind kind, Action<BinaryWriter> payload)
    {
        var stream = new MemoryStream();
        using var writer = new BinaryWriter(stream, Encoding.UTF8);
        writer.Write(0);
        writer.Write((byte)kind);
        payload(writer);
        writer.Flush();
        var frame = stream.ToArray();
        BinaryPrimitives.WriteInt32LittleEndian(frame, frame.Length - 4);
        return frame.Length - 4 <= MaximumLength
            ? frame
            : throw new InvalidDataException($"The step's command and environment, or the secrets, take {frame.Length} bytes; at most {MaximumLength} are possible.");
    }

    private static void WriteList(BinaryWriter writer, IReadOnlyList<string> list)
    {
        writer.Write(list.Count);
        foreach (var item in list)
            writer.Write(item);
    }

    private static string[] ReadList(BinaryReader reader)
    {
        var list = new string[reader.ReadInt32()];
        for (var i = 0; i < list.Length; i++)
            list[i] = reader.ReadString();
        return list;
    }
}
