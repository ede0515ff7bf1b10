using Npgsql;
using PRTS.Contracts.Builds;
using PRTS.Storage.Blobs;
using PRTS.Storage.Postgres;

namespace PRTS.Storage.Logs;

/// <summary>A log's row. LineStart: where its unfinished last line begins; equal to Length when there is none.</summary>
internal readonly record struct LogRow(long Length, long Newlines, long LineStart, bool Closed);

/// <summary>The tables <c>logs</c> and <c>log_segments</c>.</summary>
internal static class LogSegments
{
    private const string Columns = "raw_offset, raw_length, first_line, newlines, blob_key, stored_length, sub_index";

    public static Task<LogRow> Row(NpgsqlDataSource database, AttemptId attempt, CancellationToken cancellationToken) => database.Command(
        "select length, newlines, line_start, closed from logs where attempt = $1", attempt.Key)
        .First(row => new LogRow(row.GetInt64(0), row.GetInt64(1), row.GetInt64(2), row.GetBoolean(3)), cancellationToken);

    /// <summary>The segment that holds the byte, and those after it.</summary>
    public static Task<IReadOnlyList<LogSegment>> From(NpgsqlDataSource database, AttemptId attempt, long offset, int limit, CancellationToken cancellationToken) => database.Command(
        $"""
        select {Columns} from log_segments
        where attempt = $1 and raw_offset >= coalesce((select max(raw_offset) from log_segments where attempt = $1 and raw_offset <= $2), 0)
        order by raw_offset limit $3
        """,
        attempt.Key, offset, limit).All(Read, cancellationToken);

    /// <summary>The segment that holds the log's n-th line feed, counted from 1.</summary>
    public static Task<LogSegment?> WithNewline(NpgsqlDataSource database, AttemptId attempt, long newline, CancellationToken cancellationToken) => database.Command(
        $"select {Columns} from log_segments where attempt = $1 and first_line < $2 order by first_line desc, raw_offset desc limit 1",
        attempt.Key, newline).First(Read, cancellationToken);

    /// <summary>The log's row, made if need be, and its last segment.</summary>
    public static async Task<(LogRow Row, LogSegment? Last)> ForSeal(NpgsqlDataSource database, AttemptId attempt, CancellationToken cancellationToken)
    {
        await using var batch = database.CreateBatch();
        batch.Add("insert into logs (attempt, length, newlines, line_start, closed) values ($1, 0, 0, 0, false) on conflict do nothing", attempt.Key);
        batch.Add("select length, newlines, line_start, closed from logs where attempt = $1", attempt.Key);
        batch.Add($"select {Columns} from log_segments where attempt = $1 order by raw_offset desc limit 1", attempt.Key);
        await using var reader = await batch.ExecuteReaderAsync(cancellationToken);
        await reader.ReadAsync(cancellationToken);
        var row = new LogRow(reader.GetInt64(0), reader.GetInt64(1), reader.GetInt64(2), reader.GetBoolean(3));
        await reader.NextResultAsync(cancellationToken);
        return (row, await reader.ReadAsync(cancellationToken) ? Read(reader) : null);
    }

    /// <summary>Adds the segment, in the place of one that begins where it does, and moves the log on; both or neither.</summary>
    /// <returns>False when the log is not as <paramref name="before"/> says any more.</returns>
    public static async Task<bool> Add(NpgsqlDataSource database, AttemptId attempt, LogRow before, LogRow after, LogSegment segment, CancellationToken cancellationToken) => await database.Command(
        """
        with moved as (
            update logs set length = $3, newlines = $4, line_start = $5
            where attempt = $1 and length = $2 and not closed
            returning attempt
        )
        insert into log_segments (attempt, raw_offset, raw_length, first_line, newlines, blob_key, stored_length, first_at, last_at, sub_index)
        select attempt, $6, $7, $8, $9, $10, $11, $12, $13, $14 from moved
        on conflict (attempt, raw_offset) do update set
            raw_length = excluded.raw_length, newlines = excluded.newlines, blob_key = excluded.blob_key, stored_length = excluded.stored_length,
            first_at = excluded.first_at, last_at = excluded.last_at, sub_index = excluded.sub_index
        """,
        attempt.Key, before.Length, after.Length, after.Newlines, after.LineStart,
        segment.RawOffset, segment.RawLength, segment.FirstLine, segment.Newlines, segment.BlobKey, segment.StoredLength,
        segment.Marks is [var first, ..] ? first.AtMs : (object?)null, segment.Marks is [.., var last] ? last.AtMs : (object?)null, segment.SubIndex())
        .Execute(cancellationToken) > 0;

    /// <summary>Those of the keys that no segment uses.</summary>
    public static Task<IReadOnlyList<string>> Orphans(NpgsqlDataSource database, IReadOnlyList<string> blobKeys, CancellationToken cancellationToken) => database.Command(
        "select key from unnest($1::text[]) key where not exists (select from log_segments s where s.blob_key = key)", (object)blobKeys.ToArray())
        .All(row => row.GetString(0), cancellationToken);

    /// <summary>Reads the segment's frames from one on to the end, still compressed.</summary>
    public static async Task<byte[]> ReadStored(IBlobStore blobs, LogSegment segment, int firstFrame, CancellationToken cancellationToken)
    {
        var start = segment.Frames[firstFrame].StoredStart;
        var stored = new byte[segment.StoredLength - start];
        await using var stream = await blobs.OpenRead(segment.BlobKey, start, stored.Length, cancellationToken);
        await stream.ReadExactlyAsync(stored, cancellationToken);
        return stored;
    }

    private static LogSegment Read(NpgsqlDataReader row)
    {
        var offset = row.GetInt64(0);
        var (frames, marks) = LogSegment.ReadSubIndex(row.GetFieldValue<byte[]>(6), offset);
        return new()
        {
            RawOffset = offset,
            RawLength = row.GetInt32(1),
            FirstLine = row.GetInt64(2),
            Newlines = row.GetInt32(3),
            BlobKey = row.GetString(4),
            StoredLength = row.GetInt32(5),
            Frames = frames,
            Marks = marks,
        };
    }
}
