using Orleans.Concurrency;
using PRTS.Api.Logs;

namespace PRTS.Contracts.Logs;

/// <summary>
/// The log of one attempt while it is written. Key: <see cref="Builds.AttemptId.Key"/>. Offsets are bytes from the log's beginning;
/// bytes that are already held are dropped, a gap is answered with what is held (docs/adr/0002).
/// </summary>
[Alias("prts.ILogGrain")]
public interface ILogGrain : IGrainWithStringKey
{
    /// <summary>Reads what the store has, so that the first append need not wait for that.</summary>
    [Alias("Open")] Task Open();

    /// <param name="token">The attempt's token (<see cref="Api.Builds.JobAssignment.Token"/>).</param>
    /// <param name="atMs">When the first of the bytes was written: unix time in ms.</param>
    /// <param name="chunk">An array: Orleans writes one as it is, but memory of bytes byte by byte, which costs more than all else that happens to a log.</param>
    /// <remarks>Orleans hands received messages to the thread pool, which takes the newest first: calls come in any order, and wait for one another here.</remarks>
    [Alias("Append"), AlwaysInterleave] Task<LogAck> Append(string token, long offset, long atMs, Immutable<byte[]> chunk);

    /// <summary>Seals the rest. Returns when all of it is durable; <c>Received</c> below <paramref name="length"/> means: send on.</summary>
    [Alias("Close")] Task<LogAck> Close(string token, long length);

    /// <summary>What is held and not yet sealed. What comes after it is told on the stream for <see cref="LogTail.WatchedFor"/>; ask again to go on watching.</summary>
    [Alias("Tail")] Task<LogTail> Tail();
}

/// <summary>The unsealed end of a log.</summary>
[GenerateSerializer, Alias("prts.log-tail"), Immutable]
public sealed record LogTail
{
    /// <summary>How long after a look at the tail appended bytes are published.</summary>
    public static readonly TimeSpan WatchedFor = TimeSpan.FromSeconds(15);

    /// <summary>Where <see cref="Bytes"/> begins: everything before is sealed in the store.</summary>
    [Id(0)] public required long Offset { get; init; }
    [Id(1)] public required byte[] Bytes { get; init; }

    /// <summary>Line feeds before <see cref="Offset"/>.</summary>
    [Id(2)] public required long NewLines { get; init; }
    [Id(3)] public IReadOnlyList<LogMark> Marks { get; init; } = [];
    [Id(4)] public bool Closed { get; init; }
}

/// <summary>From this byte on, the bytes were written at this time (unix ms), until the next mark.</summary>
[GenerateSerializer, Alias("prts.log-mark"), Immutable]
public readonly record struct LogMark([property: Id(0)] long Offset, [property: Id(1)] long AtMs);

/// <summary>
/// On the stream <see cref="Streams.Logs"/>: bytes were appended. May be lost; a reader that sees a gap reads the store again.
/// </summary>
[GenerateSerializer, Alias("prts.log-appended"), Immutable]
public sealed record LogAppended
{
    [Id(0)] public required long Offset { get; init; }
    [Id(1)] public required byte[] Bytes { get; init; }

    /// <summary>Line feeds before <see cref="Offset"/>.</summary>
    [Id(2)] public required long NewLines { get; init; }
    [Id(3)] public required long AtMs { get; init; }

    /// <summary>The log ended here.</summary>
    [Id(4)] public bool Closed { get; init; }
}
