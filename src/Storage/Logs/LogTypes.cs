namespace PRTS.Storage.Logs;

/// <summary>All bytes from <see cref="Offset"/> on, up to the next mark, were written at or after <see cref="AtMs"/> (unix time, ms).</summary>
public readonly record struct LogMark(long Offset, long AtMs);

/// <summary>What a log's grain holds that is not sealed yet. FirstLine: the number of line feeds before <see cref="Offset"/>.</summary>
public sealed record LogTail(long Offset, ReadOnlyMemory<byte> Bytes, long FirstLine, IReadOnlyList<LogMark> Marks);

/// <summary>How much of a log is sealed, in bytes and line feeds. Closed: nothing more will come.</summary>
public readonly record struct LogState(long Length, long Newlines, bool Closed);
