using System.Net;
using System.Net.Http.Headers;
using System.Text;
using PRTS.Api;
using PRTS.Api.Builds;
using PRTS.Api.Logs;
using PRTS.Contracts;
using PRTS.Contracts.Access;
using PRTS.Contracts.Builds;
using PRTS.Contracts.Logs;
using PRTS.Storage.Builds;
using PRTS.Storage.Logs;
using PRTS.Web.Logs;

namespace PRTS.Web.Tests.Logs;

public class LogEndpointsTests(TestServer server)
{
    [Fact]
    public async Task Raw_EndedLog_IsByteForByteWithRanges()
    {
        var bytes = new byte[300_000];
        Random.Shared.NextBytes(bytes);
        var attempt = await Sealed(bytes, closed: true);
        using var client = await server.Client(Role.Viewer);
        Assert.Equal(bytes, await client.GetByteArrayAsync(Address(attempt)));
        foreach (var (range, expected) in new[] { (new RangeHeaderValue(10, 19), bytes[10..20]), (new RangeHeaderValue(299_990, null), bytes[299_990..]), (new RangeHeaderValue(null, 5), bytes[^5..]) })
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, Address(attempt)) { Headers = { Range = range } };
            using var answer = await client.SendAsync(request);
            Assert.Equal(HttpStatusCode.PartialContent, answer.StatusCode);
            Assert.Equal(expected, await answer.Content.ReadAsByteArrayAsync());
        }

        using var beyond = new HttpRequestMessage(HttpMethod.Get, Address(attempt)) { Headers = { Range = new(300_000, null) } };
        Assert.Equal(HttpStatusCode.RequestedRangeNotSatisfiable, (await client.SendAsync(beyond)).StatusCode);
    }

    [Fact]
    public async Task Lines_AreNumberedFromBothEndsAcrossTheSealedPartAndTheTail()
    {
        var attempt = await Sealed("one\ntwo\nthr"u8.ToArray(), closed: false);
        Tail(attempt, 8, 2, "three\nfour");
        using var client = await server.Client(Role.Viewer);
        var all = await (await client.GetAsync(Address(attempt) + "/lines?first=1&count=10")).Read<LogLines>();
        Assert.Equal(["one", "two", "three", "four"], all.Lines.Select(line => line.Text));
        Assert.Equal((4L, 18L, false), (all.Total, all.Length, all.Ended));
        var last = await (await client.GetAsync(Address(attempt) + "/lines?first=-2&count=10")).Read<LogLines>();
        Assert.Equal([3L, 4L], last.Lines.Select(line => line.Number));
        await (await client.GetAsync(Address(attempt) + "/lines?count=0")).Problem(HttpStatusCode.BadRequest, "invalid");
        await (await client.GetAsync(Address(attempt) + "/lines?attempt=7")).Problem(HttpStatusCode.NotFound, "not-found");
    }

    [Fact]
    public async Task Live_StoreThenStream_GivesEveryByteOnceWhateverIsLost()
    {
        var attempt = await Sealed("a\nb"u8.ToArray(), closed: false);
        using var client = await server.Client(Role.Viewer);
        using var answer = await client.GetAsync(Address(attempt) + "/live?offset=0", HttpCompletionOption.ResponseHeadersRead);
        Assert.Equal("text/event-stream", answer.Content.Headers.ContentType?.MediaType);
        using var reader = new StreamReader(await answer.Content.ReadAsStreamAsync());
        var text = new StringBuilder();
        await Collect(reader, text, "a\nb");
        // A message that follows on, one that overlaps, one that was lost and shows only in the tail, and half a character.
        Tail(attempt, 3, 1, Encoding.UTF8.GetBytes("c\nde\u00e9")[..5]);
        await Publish(attempt, 3, 1, "c\nd");
        await Collect(reader, text, "a\nbc\nd");
        Tail(attempt, 3, 1, Encoding.UTF8.GetBytes("c\nde\u00e9f\n"));
        await Collect(reader, text, "a\nbc\nde\u00e9f\n");
        await Finish(attempt, "c\nde\u00e9f\n");
        await Collect(reader, text, "a\nbc\nde\u00e9f\n", untilEnd: true);
    }

    [Fact]
    public async Task Follow_GoesOnUntilTheLogIsClosed()
    {
        var attempt = await Sealed("first\n"u8.ToArray(), closed: false);
        using var client = await server.Client(Role.Viewer);
        using var answer = await client.GetAsync(Address(attempt) + "?follow=true", HttpCompletionOption.ResponseHeadersRead);
        await using var stream = await answer.Content.ReadAsStreamAsync();
        var buffer = new byte[6];
        await stream.ReadExactlyAsync(buffer);
        Tail(attempt, 6, 1, "second\n");
        await Publish(attempt, 6, 1, "second\n");
        buffer = new byte[7];
        await stream.ReadExactlyAsync(buffer);
        Assert.Equal("second\n", Encoding.UTF8.GetString(buffer));
        await Finish(attempt, "second\n");
        Assert.Equal(0, await stream.ReadAsync(buffer));
    }

    [Theory]
    [InlineData("/live", "text/event-stream")]
    [InlineData("?follow=true", "application/octet-stream")]
    [InlineData("", "application/octet-stream")]
    public async Task Head_OfALogThatGoesOn_Ends(string address, string type)
    {
        var attempt = await Sealed("first\n"u8.ToArray(), closed: false);
        using var client = await server.Client(Role.Viewer);
        using var head = await client.SendAsync(new(HttpMethod.Head, Address(attempt) + address));
        Assert.Equal((HttpStatusCode.OK, type), (head.StatusCode, head.Content.Headers.ContentType?.MediaType));
        Assert.Empty(await head.Content.ReadAsByteArrayAsync());
        Assert.Equal(HttpStatusCode.OK, (await client.GetAsync(Address(attempt) + "/lines")).StatusCode);
    }

    [Fact]
    public void Splitter_HalfCharactersAndLongLines_AreKeptAndCut()
    {
        var splitter = new LineSplitter(0, 0);
        var bytes = Encoding.UTF8.GetBytes("x\u20ac\ny");
        var first = splitter.Split(bytes.AsSpan(0, 3), _ => 5, ended: false);
        Assert.Equal(("x", 1L, true), (first.Lines[0].Text, first.Length, first.Lines[0].Partial));
        var second = splitter.Split(bytes.AsSpan(1), _ => 5, ended: true);
        Assert.Equal(["\u20ac", "y"], second.Lines.Select(line => line.Text));
        Assert.Equal((1L, 2L, 6L), (second.First, second.Total, splitter.Offset));
        var cut = splitter.Split(new byte[LogReader.MaxLine + 1], _ => null, ended: false);
        Assert.True(cut.Lines[0].Truncated);
        Assert.Equal(LogReader.MaxLine + 1, cut.Length);
    }

    private async Task<AttemptId> Sealed(byte[] bytes, bool closed)
    {
        var project = await server.NewProject();
        var attempt = new AttemptId(new(new(project, 1), "build"), 1);
        await Job(attempt, closed ? RunStatus.Succeeded : RunStatus.Running);
        await server.Get<LogStore>().Seal(attempt, 0, 0, bytes, []);
        if (closed) await server.Get<LogStore>().Close(attempt, bytes.Length);
        return attempt;
    }

    private Task Job(AttemptId attempt, RunStatus status) => server.Get<BuildsReadModel>().UpsertJob(
        attempt.Job.Build, new() { Key = attempt.Job.Name, Name = "Build", Stage = "Build", Status = status, Version = (long)status });

    private void Tail(AttemptId attempt, long offset, long newLines, string text) => Tail(attempt, offset, newLines, Encoding.UTF8.GetBytes(text));

    private void Tail(AttemptId attempt, long offset, long newLines, byte[] bytes) =>
        server.Get<Recorder>().Tails[attempt.Key] = new() { Offset = offset, Bytes = bytes, NewLines = newLines };

    private Task Publish(AttemptId attempt, long offset, long newLines, string text) =>
        server.Get<IClusterClient>().GetStreamProvider(Streams.Provider).GetStream<LogAppended>(Streams.Log(attempt))
            .OnNextAsync(new() { Offset = offset, Bytes = Encoding.UTF8.GetBytes(text), NewLines = newLines, AtMs = 1 });

    /// <summary>Seals what the tail has, as the log's grain does at the end.</summary>
    private async Task Finish(AttemptId attempt, string rest)
    {
        var state = await server.Get<LogStore>().State(attempt);
        var bytes = Encoding.UTF8.GetBytes(rest);
        await server.Get<LogStore>().Seal(attempt, state.Length, state.Newlines, bytes, []);
        await server.Get<LogStore>().Close(attempt, state.Length + bytes.Length);
    }

    /// <summary>Reads events until the text is complete; each piece must follow on the one before.</summary>
    private static async Task Collect(StreamReader reader, StringBuilder text, string until, bool untilEnd = false)
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromMinutes(1));
        var ended = false;
        while (text.ToString() != until || (untilEnd && !ended))
        {
            var line = await reader.ReadLineAsync(patience.Token) ?? throw new InvalidOperationException($"The stream ended at '{text}'.");
            if (!line.StartsWith("data: ", StringComparison.Ordinal)) continue;
            var piece = System.Text.Json.JsonSerializer.Deserialize<LiveLines>(line[6..], ApiJson.Options)!;
            Assert.Equal(Encoding.UTF8.GetByteCount(text.ToString()), piece.Offset);
            foreach (var part in piece.Lines) text.Append(part.Text).Append(part.Partial ? "" : "\n");
            ended = piece.Ended;
        }
    }

    private static string Address(AttemptId attempt) => $"/api/v1/projects/{attempt.Job.Build.Project}/builds/{attempt.Job.Build.Number}/jobs/{attempt.Job.Name}/log";
}
