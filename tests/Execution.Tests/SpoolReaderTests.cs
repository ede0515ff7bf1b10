using PRTS.Execution.Supervision;
using PRTS.Supervisor.Protocol;

namespace PRTS.Execution.Tests;

/// <summary>The spool's files while a supervisor goes on writing and trimming them.</summary>
public sealed class SpoolReaderTests : IDisposable
{
    private readonly string directory = Directory.CreateTempSubdirectory("prts-spool-").FullName;

    public void Dispose() => Directory.Delete(directory, recursive: true);

    [Fact]
    public void Read_OffsetIsTrimmed_SaysSo()
    {
        Segment(100, "abc");
        using var reader = new SpoolReader(directory);

        Assert.Equal(0, reader.Read(99, 103, new byte[10]).Count);
        Assert.Equal(100, reader.Start());
        Assert.Equal(3, reader.Read(100, 103, new byte[10]).Count);
    }

    [Fact]
    public void Read_NewestSegmentIsFollowedByAnother_GoesOnThere()
    {
        Segment(0, "abc");
        using var reader = new SpoolReader(directory);
        Assert.Equal(3, reader.Read(0, 3, new byte[10]).Count);

        Segment(3, "de");
        var bytes = new byte[10];

        Assert.Equal(2, reader.Read(3, 5, bytes).Count);
        Assert.Equal("de"u8, bytes.AsSpan(0, 2));
    }

    [Fact]
    public void Read_ASegmentLacksBytes_IsNoTrimming()
    {
        Segment(0, "abc");
        using var reader = new SpoolReader(directory);

        Assert.Throws<InvalidDataException>(() => reader.Read(3, 5, new byte[10]));
    }

    /// <summary>An agent adopts a job while the supervisor still trims what the agent before it had acknowledged.</summary>
    [Fact]
    public async Task Read_TrimmedAtThisMoment_ReadsRightBytesOrNone()
    {
        const int Segments = 2000;
        for (var i = 0; i < Segments; i++)
            Segment(i * 2, $"{(char)i}{(char)(i >> 7)}");
        var trimming = Task.Run(() =>
        {
            for (var i = 0; i < Segments - 1; i++)
            {
                File.Delete(Path.Combine(directory, SpoolFiles.SegmentName(i * 2)));
                File.Delete(Path.Combine(directory, SpoolFiles.IndexName(i * 2)));
            }
        }, TestContext.Current.CancellationToken);
        var bytes = new byte[2];
        var next = 0L;
        while (next < Segments * 2)
        {
            using var reader = new SpoolReader(directory);
            var count = reader.Read(next, Segments * 2, bytes).Count;
            if (count > 0)
                Assert.Equal(((byte)(next / 2 % 128), (byte)(next / 2 >> 7)), (bytes[0], bytes[1]));
            next = count > 0 ? next + count : Math.Max(next, reader.Start());
        }
        await trimming;
    }

    private void Segment(long offset, string text)
    {
        var entry = new byte[SpoolFiles.IndexEntrySize];
        SpoolFiles.WriteIndexEntry(entry, offset, 1000);
        File.WriteAllBytes(Path.Combine(directory, SpoolFiles.IndexName(offset)), entry);
        File.WriteAllBytes(Path.Combine(directory, SpoolFiles.SegmentName(offset)), [.. text.Select(c => (byte)(c % 128))]);
    }
}
