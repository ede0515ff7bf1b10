using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using PRTS.Api;

namespace PRTS.Web.Rest;

/// <summary>Writes server-sent events, each flushed at once. Comments keep proxies from closing a silent connection.</summary>
public sealed class EventStream
{
    private readonly HttpResponse response;

    private EventStream(HttpResponse response) => this.response = response;

    /// <summary>Sends the headers, so that the client knows at once that it is connected.</summary>
    public static async Task<EventStream> Open(HttpContext http)
    {
        http.Response.ContentType = "text/event-stream";
        http.Response.Headers.CacheControl = "no-store";
        http.Response.Headers["X-Accel-Buffering"] = "no";
        http.Features.Get<IHttpResponseBodyFeature>()?.DisableBuffering();
        await http.Response.StartAsync(http.RequestAborted);
        await http.Response.Body.FlushAsync(http.RequestAborted);
        return new EventStream(http.Response);
    }

    public Task Send<T>(string name, T data, CancellationToken cancellationToken) => SendJson(name, JsonSerializer.Serialize(data, ApiJson.Options), cancellationToken);

    /// <param name="json">On one line, as our serializer writes it.</param>
    public Task SendJson(string name, string json, CancellationToken cancellationToken) => Write($"event: {name}\ndata: {json}\n\n", cancellationToken);

    public Task Beat(CancellationToken cancellationToken) => Write(": beat\n\n", cancellationToken);

    private async Task Write(string text, CancellationToken cancellationToken)
    {
        await response.WriteAsync(text, Encoding.UTF8, cancellationToken);
        await response.Body.FlushAsync(cancellationToken);
    }
}
