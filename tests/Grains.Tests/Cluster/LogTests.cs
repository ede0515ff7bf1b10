using System.Security.Cryptography;
using System.Text;
using Microsoft.Extensions.DependencyInjection;
using Orleans.Concurrency;
using Orleans.Streams;
using PRTS.Api.Logs;
using PRTS.Contracts;
using PRTS.Contracts.Builds;
using PRTS.Contracts.Logs;
using PRTS.Storage.Logs;

namespace PRTS.Grains.Tests.Cluster;

public sealed class LogTests(TestCluster cluster)
{
    private AttemptId id;
    private ILogGrain log = null!;
    private string token = "";

    private void Open()
    {
        id = new(new(new(cluster.NewProject(), 1), "job"), 1);
        log = cluster.AgentGrains.Log(id);
        token = cluster.Services.GetRequiredService<AttemptTokens>().Create(id, "agent-1");
    }

    /// <summary>As an agent does: a slow disk makes the grain ask for another try.</summary>
    private async Task<LogAck> Close(long length)
    {
        while (true)
        {
            try
            {
                return await log.Close(token, length);
            }
            catch (TimeoutException)
            {
            }
        }
    }

    private Task<LogAck> Append(long offset, ReadOnlyMemory<byte> bytes) => log.Append(token, offset, 1000, new(bytes.ToArray()));

    private Task<LogAck> Append(long offset, string text) => Append(offset, Encoding.UTF8.GetBytes(text));

    private async Task<byte[]> Stored()
    {
        using var raw = new MemoryStream();
        await Read(raw, length: null);
        return raw.ToArray();
    }

    /// <summary>Goes on where <paramref name="raw"/> ends.</summary>
    private Task Read(MemoryStream raw, long? length) =>
        cluster.Services.GetRequiredService<LogReader>().ReadBytes(id, raw.Length, length, raw, cancellationToken: TestCluster.Token);

    [Fact]
    public async Task Append_Overlapping_TakesEachByteOnce_AndAGapNone()
    {
        Open();
        Assert.Equal(new LogAck(4, 0), await Append(0, "one\n"));
        Assert.Equal(4, (await Append(0, "one\n")).Received);
        Assert.Equal(8, (await Append(2, "e\ntwo\n")).Received);
        Assert.Equal(8, (await Append(100, "far")).Received);
        var tail = await cluster.Grains.Log(id).Tail();
        Assert.Equal(("one\ntwo\n"[(int)tail.Offset..], false), (Encoding.UTF8.GetString(tail.Bytes), tail.Closed));
        Assert.Equal(8, (await log.Close(token, 20)).Received);
        Assert.Equal(new LogAck(8, 8), await log.Close(token, 8));
        Assert.Equal(new LogAck(8, 8), await log.Close(token, 8));
        Assert.Equal(new LogAck(8, 8), await Append(8, "late"));
        Assert.Equal("one\ntwo\n", Encoding.UTF8.GetString(await Stored()));
    }

    [Fact]
    public async Task Append_WithAForeignToken_IsRefused()
    {
        Open();
        token = cluster.Services.GetRequiredService<AttemptTokens>().Create(id with { Number = 2 }, "agent-1");
        await Assert.ThrowsAsync<UnauthorizedAccessException>(() => Append(0, "x"));
    }

    [Fact]
    public async Task Reactivation_BeginsWithWhatIsDurable()
    {
        Open();
        await Append(0, "one\n");
        await TestCluster.Until(async () => (await Append(0, "")).Durable == 4, () => "never sealed");
        await cluster.DeactivateAll();
        Assert.Equal(new LogAck(4, 4), await Append(9, "x"));
        Assert.Equal(8, (await Append(4, "two\n")).Received);
        await log.Close(token, 8);
        Assert.Equal("one\ntwo\n", Encoding.UTF8.GetString(await Stored()));
    }

    [Fact]
    public async Task Append_InAnyOrder_WaitsForWhatIsMissing()
    {
        Open();
        var third = Append(8, "three\n");
        var second = Append(4, "two\n");
        var first = Append(0, "one\n");
        await Task.WhenAll(first, second);
        Assert.Equal(14, (await third).Received);
        await Close(14);
        Assert.Equal("one\ntwo\nthree\n", Encoding.UTF8.GetString(await Stored()));
    }

    [Fact]
    public async Task LargeLog_WithAWindowOfChunksAndReactivations_LosesAndRepeatsNothing()
    {
        Open();
        var bytes = new byte[24_000_000];
        new Random(1).NextBytes(bytes);
        for (var at = 0; at < bytes.Length; at += 83) bytes[at] = (byte)'\n';
        const int Chunk = 64 * 1024;
        var sent = 0L;
        var turn = 0;
        while (sent < bytes.Length)
        {
            var window = Enumerable.Range(0, 4).Select(ahead => (int)sent + ahead * Chunk).Where(offset => offset < bytes.Length)
                .Select(offset => Append(offset, bytes.AsMemory(offset, Math.Min(Chunk, bytes.Length - offset)))).ToList();
            sent = (await Task.WhenAll(window))[^1].Received;
            if (++turn % 25 == 0) await cluster.DeactivateAll();
        }

        while ((await Close(bytes.Length)) is { } ack && ack.Received < bytes.Length) await Append(ack.Received, bytes.AsMemory((int)ack.Received));
        Assert.Equal(SHA256.HashData(bytes), SHA256.HashData(await Stored()));
    }

    [Fact]
    public async Task Viewers_GetEveryByteOrSeeAGapTheyCanRead()
    {
        Open();
        var got = new List<LogAppended>();
        var stream = cluster.Services.GetRequiredKeyedService<IStreamProvider>(Streams.Provider).GetStream<LogAppended>(Streams.Log(id));
        var closed = new TaskCompletionSource();
        await stream.SubscribeAsync((message, _) =>
        {
            lock (got) got.Add(message);
            if (message.Closed) closed.TrySetResult();
            return Task.CompletedTask;
        });
        var watcher = cluster.Grains.Log(id);
        await watcher.Tail();
        var text = string.Concat(Enumerable.Range(0, 500).Select(line => $"line {line}\n"));
        var at = 0;
        foreach (var line in text.Split('\n')[..^1])
        {
            await Append(at, line + "\n");
            at += line.Length + 1;
            // Who goes on watching says so, however long this takes.
            if (line.EndsWith('0')) await watcher.Tail();
        }

        await log.Close(token, at);
        await closed.Task.WaitAsync(TimeSpan.FromSeconds(30), TestCluster.Token);
        using var seen = new MemoryStream();
        foreach (var message in got)
        {
            // Sealed before it could be told: what is missing is in the store by now.
            if (message.Offset > seen.Length) await Read(seen, message.Offset - seen.Length);
            Assert.Equal((seen.Length, seen.ToArray().Count(at => at == '\n')), (message.Offset, message.NewLines));
            seen.Write(message.Bytes);
        }

        Assert.Equal(text, Encoding.UTF8.GetString(seen.ToArray()));
    }
}
