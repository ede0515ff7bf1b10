using System.Text;
using CsCheck;
using PRTS.Api.Logs;
using PRTS.Contracts.Builds;
using PRTS.Contracts.Logs;
using PRTS.Contracts.Projects;
using PRTS.Storage.Blobs;
using PRTS.Storage.Logs;

namespace PRTS.Storage.Tests;

public sealed class LogTests : IDisposable
{
    private static int attempts;
    private readonly string directory = Directory.CreateTempSubdirectory("prts-logs-").FullName;
    private readonly StorageFixture storage;
    private readonly FileBlobStore blobs;
    private readonly LogStore store;
    private readonly LogReader reader;

    public LogTests(StorageFixture storage)
    {
        this.storage = storage;
        blobs = new(directory, 1L << 30);
        store = new(storage.Database, blobs, TimeProvider.System);
        reader = new(storage.Database, blobs);
    }

    public void Dispose() => Directory.Delete(directory, recursive: true);

    /// <summary>Any bytes, sealed in any portions with any part still in the tail, read back as they are, and as the lines that a plain split gives.</summary>
    [Fact]
    public async Task Read_AnyBytesInAnyPortions_EqualsNaiveSplit()
    {
        var bytes = Gen.OneOf(
            Gen.Byte.Array[0, 3000],
            Gen.OneOf(Array.ConvertAll("\n\ra\u00C3\u00A4\u00FF".ToCharArray(), c => Gen.Const((byte)c))).Array[0, 3000],
            // Long lines and whole segments.
            Gen.Select(Gen.Int[0, 400_000], Gen.Int[1, 60_000], (length, every) => Enumerable.Range(0, length).Select(i => i % every == every - 1 ? (byte)'\n' : (byte)('a' + (i % 23))).ToArray()));
        await Gen.Select(bytes, Gen.Double[0, 1].Array[0, 8], Gen.Int[0, 1 << 30]).SampleAsync(
            async (log, cuts, seed) =>
            {
                var attempt = NewAttempt();
                var bounds = cuts.Select(cut => (int)(cut * log.Length)).Append(0).Distinct().Order().ToList();
                foreach (var (from, to) in bounds.Zip<int, int>(bounds.Skip(1))) await Seal(attempt, log, from, to);
                // The tail may begin before the end of what is sealed: it was asked for earlier.
                var tailStart = bounds[new Random(seed).Next(bounds.Count)];
                var tail = new LogTail { Offset = tailStart, Bytes = log[tailStart..], NewLines = log.AsSpan(0, tailStart).Count((byte)'\n') };
                await AssertReads(attempt, log, tail, seed);
            },
            iter: 150, threads: 1);
    }

    [Fact]
    public async Task Seal_SlowLog_StaysFewSegments()
    {
        var attempt = NewAttempt();
        var log = Encoding.UTF8.GetBytes(string.Concat(Enumerable.Range(0, 300).Select(i => $"line {i}\n")));
        for (var at = 0; at < log.Length; at += 10) await Seal(attempt, log, at, Math.Min(log.Length, at + 10));

        Assert.Single(await blobs.List(BlobPlaces.Log(attempt)).ToListAsync());
        Assert.Equal(300, (await store.State(attempt)).Newlines);
        await AssertReads(attempt, log, null, 7);
    }

    [Fact]
    public async Task Seal_RepeatedAndOverlapping_ChangesNothingTwice()
    {
        var attempt = NewAttempt();
        var log = "one\ntwo\nthree"u8.ToArray();
        await Seal(attempt, log, 0, 8);
        await Seal(attempt, log, 0, 8);
        await Seal(attempt, log, 4, 13);
        var state = await Seal(attempt, log, 2, 7);

        Assert.Equal(new LogState(13, 2, false), state);
        Assert.Equal(log, await ReadAll(attempt));
    }

    [Fact]
    public async Task Seal_GapOrWrongCountOrClosed_IsRefused()
    {
        var attempt = NewAttempt();
        var log = "one\ntwo\n"u8.ToArray();
        await Seal(attempt, log, 0, 4);

        await Assert.ThrowsAsync<InvalidOperationException>(() => store.Seal(attempt, 6, 1, log.AsMemory(6), []));
        await Assert.ThrowsAsync<InvalidOperationException>(() => store.Seal(attempt, 4, 0, log.AsMemory(4), []));
        Assert.False((await store.Close(attempt, 8)).Closed);
        Assert.True((await store.Close(attempt, 4)).Closed);
        await Assert.ThrowsAsync<InvalidOperationException>(() => store.Seal(attempt, 4, 1, log.AsMemory(4), []));
        Assert.True((await store.Seal(attempt, 0, 0, log.AsMemory(0, 4), [])).Closed);
    }

    [Fact]
    public async Task Close_EmptyLog_Ends()
    {
        var attempt = NewAttempt();

        Assert.Equal(new LogState(0, 0, true), await store.Close(attempt, 0));
        var lines = await reader.ReadLines(attempt, 1, 10);
        Assert.Equal((0L, 0, true), (lines.Total, lines.Lines.Count, lines.Ended));
    }

    [Fact]
    public async Task Seal_TwoWritersAtOnce_StoreEachByteOnce()
    {
        var attempt = NewAttempt();
        var log = Encoding.UTF8.GetBytes(string.Concat(Enumerable.Range(0, 2000).Select(i => $"line {i}\n")));
        async Task Writer()
        {
            while ((await store.State(attempt)).Length is var from && from < log.Length)
            {
                await Seal(attempt, log, (int)from, (int)Math.Min(log.Length, from + 3000));
            }
        }

        await Task.WhenAll(Task.Run(Writer), Task.Run(Writer), Task.Run(async () =>
        {
            // Meanwhile a reader never sees anything but a beginning of the log.
            while ((await ReadAll(attempt)) is var seen && seen.Length < log.Length) Assert.True(log.AsSpan(0, seen.Length).SequenceEqual(seen));
        }));

        await AssertReads(attempt, log, null, 3);
    }

    [Fact]
    public async Task ReadLines_TenMegabyteLine_IsCutAndTheNextIsFound()
    {
        var attempt = NewAttempt();
        byte[] log = [.. "first\n"u8, .. Enumerable.Repeat((byte)'x', 10 << 20), .. "\r\nlast, ä"u8];
        for (var at = 0; at < log.Length; at += 1 << 20) await Seal(attempt, log, at, Math.Min(log.Length, at + (1 << 20)));

        var lines = await reader.ReadLines(attempt, 2, 10);

        Assert.Equal(3, lines.Total);
        Assert.Equal((2L, 6L, true, LogReader.MaxLine), (lines.Lines[0].Number, lines.Lines[0].Offset, lines.Lines[0].Truncated, lines.Lines[0].Text.Length));
        Assert.Equal((3L, log.Length - 8L, "last, ä"), (lines.Lines[1].Number, lines.Lines[1].Offset, lines.Lines[1].Text));
        Assert.Equal(2, await reader.LineOfOffset(attempt, 5 << 20));
        Assert.Equal(3, await reader.LineOfOffset(attempt, log.Length - 1));
    }

    [Fact]
    public async Task ReadLines_CutThroughCharacter_LeavesItOut()
    {
        var attempt = NewAttempt();
        var log = Encoding.UTF8.GetBytes(string.Concat(Enumerable.Repeat("漢", 6000)) + "\n");
        await Seal(attempt, log, 0, log.Length);

        var line = Assert.Single((await reader.ReadLines(attempt, 1, 10)).Lines);

        Assert.Equal((true, LogReader.MaxLine / 3), (line.Truncated, line.Text.Length));
        Assert.DoesNotContain('\uFFFD', line.Text);
    }

    [Fact]
    public async Task ReadLines_Marks_TellWhen()
    {
        var attempt = NewAttempt();
        var log = "a\nb\nc\nd\n"u8.ToArray();
        await store.Seal(attempt, 0, 0, log.AsMemory(0, 4), [new(0, 1000), new(2, 1050)]);
        await store.Seal(attempt, 4, 2, log.AsMemory(4, 2), [new(2, 1050), new(4, 2000)]);
        var tail = new LogTail { Offset = 6, Bytes = log[6..], NewLines = 3, Marks = [new(6, 3000)] };

        var lines = await reader.ReadLines(attempt, 1, 10, tail);

        Assert.Equal([1000L, 1050L, 2000L, 3000L], lines.Lines.Select(line => line.At!.Value));
    }

    [Fact]
    public async Task SweepOrphans_BlobWithoutRow_IsDeletedOnceItIsOld()
    {
        var attempt = NewAttempt();
        var log = "one\n"u8.ToArray();
        await Seal(attempt, log, 0, 4);
        var orphan = $"{BlobPlaces.Log(attempt)}000000000000004-{TimeProvider.System.GetUtcNow().AddHours(-2).ToUnixTimeMilliseconds():x12}-00000000";
        var young = $"{BlobPlaces.Log(attempt)}000000000000004-{TimeProvider.System.GetUtcNow().ToUnixTimeMilliseconds():x12}-00000000";
        await blobs.Put(orphan, new MemoryStream([1]));
        await blobs.Put(young, new MemoryStream([1]));

        Assert.Equal(1, await store.SweepOrphans(TimeSpan.FromHours(1)));

        Assert.Null(await blobs.Stat(orphan));
        Assert.NotNull(await blobs.Stat(young));
        Assert.Equal(log, await ReadAll(attempt));
    }

    private Task<LogState> Seal(AttemptId attempt, byte[] log, int from, int to) =>
        store.Seal(attempt, from, log.AsSpan(0, from).Count((byte)'\n'), log.AsMemory(from, to - from), [new(from, 1000 + from)]);

    private async Task<byte[]> ReadAll(AttemptId attempt)
    {
        using var all = new MemoryStream();
        await reader.ReadBytes(attempt, 0, null, all);
        return all.ToArray();
    }

    private async Task AssertReads(AttemptId attempt, byte[] log, LogTail? tail, int seed)
    {
        var random = new Random(seed);
        var offset = random.Next(log.Length + 1);
        var length = random.Next(log.Length - offset + 2);
        using var bytes = new MemoryStream();
        await reader.ReadBytes(attempt, offset, length, bytes, tail);
        Assert.True(log.AsSpan(offset, Math.Min(length, log.Length - offset)).SequenceEqual(bytes.ToArray()));
        bytes.SetLength(0);
        await reader.ReadBytes(attempt, 0, null, bytes, tail);
        Assert.True(log.AsSpan().SequenceEqual(bytes.ToArray()));

        var expected = Split(log);
        var first = random.Next(expected.Count + 2) + 1;
        var count = random.Next(1, 200);
        var lines = await reader.ReadLines(attempt, first, count, tail);
        Assert.Equal((expected.Count, log.Length), (lines.Total, lines.Length));
        Assert.Equal(expected.Skip(first - 1).Take(count), lines.Lines.Select(line => line with { At = null }));
        if (log.Length == 0) return;
        var at = random.Next(log.Length);
        Assert.Equal(1 + log.AsSpan(0, at).Count((byte)'\n'), await reader.LineOfOffset(attempt, at, tail));
    }

    private static List<LogLine> Split(byte[] log)
    {
        var lines = new List<LogLine>();
        for (var start = 0; start < log.Length;)
        {
            var feed = Array.IndexOf(log, (byte)'\n', start);
            var end = feed < 0 ? log.Length : feed;
            var cut = end - start > LogReader.MaxLine;
            // The long lines of these tests are ASCII: a cut goes through no character.
            lines.Add(new() { Number = lines.Count + 1, Offset = start, Text = Encoding.UTF8.GetString(log, start, Math.Min(LogReader.MaxLine, end - start)), Truncated = cut });
            start = end + 1;
        }

        return lines;
    }

    private static AttemptId NewAttempt() => new(new(new(new(ProjectId.DefaultTenant, "demo", "hello"), Interlocked.Increment(ref attempts)), "job"), 1);
}
