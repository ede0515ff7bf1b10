using Microsoft.AspNetCore.Http;
using PRTS.Contracts.Builds;
using PRTS.Web.Rest;

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
        if (ByteRange.Choose(http, view.Length) is { Length: > 0 } range && !HttpMethods.IsHead(http.Request.Method))
            await logs.Copy(view, range.From, range.Length, http.Response.Body, cancel);
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
                        await destination.WriteAsync(message.Bytes.AsMemory((int)(offset - message.Offset)), cancel);
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
