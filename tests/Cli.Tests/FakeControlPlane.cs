using System.Net;
using System.Text;
using System.Text.Json;
using PRTS.Api;

namespace PRTS.Cli.Tests;

/// <summary>The edge of another process: answers HTTP as a control plane would, and breaks where a test wants it.</summary>
public sealed class FakeControlPlane : IAsyncDisposable
{
    private readonly HttpListener listener = new();
    private readonly Dictionary<string, Func<HttpListenerContext, Task>> routes = new(StringComparer.Ordinal);
    private readonly Task serving;

    public FakeControlPlane(Prts prts)
    {
        Url = $"http://127.0.0.1:{prts.Port}";
        listener.Prefixes.Add(Url + "/");
        listener.Start();
        serving = ServeAsync();
        prts["PRTS_URL"] = Url;
        prts["PRTS_TOKEN"] = "prts_secret";
    }

    public string Url { get; }
    public List<string> Requests { get; } = [];

    public void On(string path, Func<HttpListenerContext, Task> answer) => routes[path] = answer;

    public void OnJson<T>(string path, T value, int status = 200) => On(path, context =>
    {
        context.Response.StatusCode = status;
        return WriteAsync(context, JsonSerializer.Serialize(value, ApiJson.Options));
    });

    public static async Task WriteAsync(HttpListenerContext context, string text)
    {
        await context.Response.OutputStream.WriteAsync(Encoding.UTF8.GetBytes(text));
        context.Response.Close();
    }

    public async ValueTask DisposeAsync()
    {
        listener.Close();
        await serving;
    }

    private async Task ServeAsync()
    {
        while (true)
        {
            try
            {
                var context = await listener.GetContextAsync();
                _ = AnswerAsync(context);
            }
            catch (Exception closed) when (closed is HttpListenerException or ObjectDisposedException)
            {
                return;
            }
        }
    }

    private async Task AnswerAsync(HttpListenerContext context)
    {
        var path = context.Request.Url!.AbsolutePath;
        lock (Requests) Requests.Add($"{context.Request.HttpMethod} {context.Request.Url.PathAndQuery} {context.Request.Headers["Range"]}".TrimEnd());
        if (context.Request.Headers["Authorization"] != "Bearer prts_secret")
        {
            context.Response.StatusCode = 401;
            context.Response.Close();
        }
        else if (routes.TryGetValue(path, out var answer))
        {
            await answer(context);
        }
        else
        {
            context.Response.StatusCode = 404;
            await WriteAsync(context, """{ "title": "Not found", "detail": "There is no such thing here." }""");
        }
    }
}
