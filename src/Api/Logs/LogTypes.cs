namespace PRTS.Api.Logs;

/// <summary>
/// What the store has of an attempt's log. Both are lengths in bytes: all before <see cref="Received"/> is held (send on from there),
/// all before <see cref="Durable"/> survives any crash (the spool may be trimmed to there).
/// </summary>
[GenerateSerializer, Alias("prts.log-ack"), Immutable]
public readonly record struct LogAck([property: Id(0)] long Received, [property: Id(1)] long Durable);

/// <summary>A run of lines as viewers get it.</summary>
public sealed record LogLines
{
    /// <summary>Number of the first line in <see cref="Lines"/>, from 1.</summary>
    public required long First { get; init; }
    public required IReadOnlyList<LogLine> Lines { get; init; }

    /// <summary>Lines in the whole log as far as it is known, the unfinished last one included.</summary>
    public required long Total { get; init; }

    /// <summary>Bytes in the whole log as far as it is known.</summary>
    public required long Length { get; init; }

    /// <summary>True when no more will come.</summary>
    public required bool Ended { get; init; }
}

public sealed record LogLine
{
    public required long Number { get; init; }

    /// <summary>Where it begins in the log, in bytes.</summary>
    public required long Offset { get; init; }

    /// <summary>UTF-8 decoded with replacement characters, without the line feed; at most 16 KiB of it.</summary>
    public required string Text { get; init; }

    /// <summary>When it was written (unix time, ms), to the resolution of the chunk it came in.</summary>
    public long? At { get; init; }

    /// <summary>True when <see cref="Text"/> is cut; the raw log has it all.</summary>
    public bool Truncated { get; init; }
}
