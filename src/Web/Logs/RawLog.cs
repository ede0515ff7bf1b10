using Microsoft.AspNetCore.Http;
using Microsoft.Net.Http.Headers;
using PRTS.Contracts.Builds;

namespace PRTS.Web.Logs;

/// <summary>A log's bytes and nothing else.</summary>
public sealed class RawLog(JobLogs logs, LogHub hub, TimeProvider time)
{
    private static readonly TimeSpan Silence = TimeSpan.FromSeconds(1);

    /// <summary>What there is now: all of it, or the one range that was asked for.</summary>
    public async Task Send(AttemptId attempt, HttpContext http)
    {
        var cancel = http.RequestAborted;
        var view = await logs.Look(attempt, cancel);
        var response = http.Response;
        response.Headers.AcceptRanges = "bytes";
        var (from, to) = (0L, view.Length);
        if (http.Request.Headers.Range.Count > 0 && RangeHeaderValue.TryParse(http.Request.Headers.Range.ToString(), out var header) && header is { Unit.Value: "bytes", Ranges.Count: 1 })
        {
            var range = header.Ranges.First();
            (from, to) = range.From is { } start ? (start, Math.Min(view.Length, (range.To ?? long.MaxValue - 1) + 1)) : (Math.Max(0, view.Length - (range.To ?? 0)), view.Length);
            if (from >= to)
            {
                response.StatusCode = StatusCodes.Status416RangeNotSatisfiable;
                response.Headers.ContentRange = $"bytes */{view.Length}";
                response.ContentLength = 0;
                return;
            }

            response.StatusCode = StatusCodes.Status206PartialContent;
            response.Headers.ContentRange = $"bytes {from}-{to - 1}/{view.Length}";
        }

        response.ContentLength = to - from;
        if (to > from) await logs.Copy(view, from, to - from, response.Body, cancel);
    }

    /// <summary>From the beginning until nothing more will come.</summary>
    public async Task Follow(AttemptId attempt, Stream destination, CancellationToken cancel)
    {
        await using var viewer = await hub.Subscribe(attempt);
        await destination.FlushAsync(cancel);
        var offset = 0L;
        while (true)
        {
            var view = await logs.Look(attempt, cancel);
            offset += await logs.Copy(view, offset, null, destination, cancel);
            await destination.FlushAsync(cancel);
            if (view.Ended) return;
            // As long as the stream has no gap there is no need of the store; after a silence or a gap there is.
            while (await viewer.Wait(Silence, time, cancel))
            {
                var whole = true;
                while (whole && viewer.Messages.TryRead(out var message))
                {
                    var end = message.Offset + message.Bytes.Length;
                    if (message.Offset <= offset && end > offset)
                    {
                        await destination.WriteAsync(message.Bytes[(int)(offset - message.Offset)..], cancel);
                        offset = end;
                    }

                    whole = !message.Closed && end <= offset;
                }

                await destination.FlushAsync(cancel);
                if (!whole) break;
            }
        }
    }
}
