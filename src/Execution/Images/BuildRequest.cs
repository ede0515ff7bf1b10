using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using Docker.DotNet.Models;
using PRTS.Execution.Containers;
using PRTS.Pipelines.Planning;

namespace PRTS.Execution.Images;

/// <summary>
/// Asks the engine to build. Written by hand, because the client does not know <c>nsoptions</c>: podman's engine lets a Dockerfile's commands
/// stand in the machine's own network, whatever <c>networkmode</c> says, unless it is told so. Docker's does not look at it.
/// </summary>
internal sealed class BuildRequest(PlannedImage image, string dockerfile, string network, ContainerLimits? limits)
{
    private const long Period = 100_000;

    /// <exception cref="EngineException">The engine refuses. What goes wrong later, it says.</exception>
    public async Task Send(ContainerEngine engine, Stream context, IReadOnlyList<AuthConfig> credentials, IProgress<JSONMessage> progress, CancellationToken ct)
    {
        using var handler = new SocketsHttpHandler { ConnectCallback = (_, token) => Connect(engine.Path, token) };
        using var http = new HttpClient(handler) { Timeout = Timeout.InfiniteTimeSpan };
        using var request = new HttpRequestMessage(HttpMethod.Post, "http://localhost/build?" + string.Join('&', Query().Select(pair => $"{pair.Name}={Uri.EscapeDataString(pair.Value)}")));
        request.Content = new StreamContent(context);
        request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/x-tar");
        request.Headers.Add("X-Registry-Config", Convert.ToBase64String(Credentials(credentials)).Replace('+', '-').Replace('/', '_'));
        using var answer = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, ct);
        if (!answer.IsSuccessStatusCode)
            throw new EngineException($"the image could not be built: {ContainerEngine.Said(await answer.Content.ReadAsStringAsync(ct)) ?? $"the container engine answered {(int)answer.StatusCode}"}");
        using var lines = new StreamReader(await answer.Content.ReadAsStreamAsync(ct));
        while (await lines.ReadLineAsync(ct) is { } line)
        {
            if (line.Length > 0)
                progress.Report(Message(line));
        }
    }

    private List<(string Name, string Value)> Query()
    {
        List<(string, string)> query =
        [
            ("dockerfile", dockerfile),
            ("rm", "1"),
            ("forcerm", "1"),
            ("buildargs", Json(writer => Object(writer, image.Args))),
            ("networkmode", network),
            ("nsoptions", Json(writer => Namespaces(writer, network))),
            .. image.Tags.Select(tag => ("t", tag)),
        ];
        if (image.Target is { } target)
            query.Add(("target", target));
        if (image.Pull)
            query.Add(("pull", "1"));
        if (image.CacheFrom.Count > 0)
            query.Add(("cachefrom", JsonSerializer.Serialize([.. image.CacheFrom.Concat(image.Tags)], ImageBuildJson.Default.StringArray)));
        if (limits is { Memory: > 0 and var memory })
            query.AddRange([("memory", Number(memory)), ("memswap", Number(memory))]);
        if (limits is { Cpu: > 0 and var cpu })
            query.AddRange([("cpuperiod", Number(Period)), ("cpuquota", Number((long)(cpu * Period)))]);
        return query;
    }

    private static void Namespaces(Utf8JsonWriter writer, string network)
    {
        writer.WriteStartArray();
        writer.WriteStartObject();
        writer.WriteString("Name", "network");
        writer.WriteBoolean("Host", false);
        writer.WriteString("Path", network);
        writer.WriteEndObject();
        writer.WriteEndArray();
    }

    private static void Object(Utf8JsonWriter writer, IReadOnlyDictionary<string, string> values)
    {
        writer.WriteStartObject();
        foreach (var (name, value) in values)
            writer.WriteString(name, value);
        writer.WriteEndObject();
    }

    private static byte[] Credentials(IReadOnlyList<AuthConfig> credentials) => Encoding.UTF8.GetBytes(Json(writer =>
    {
        writer.WriteStartObject();
        foreach (var known in credentials.DistinctBy(known => known.ServerAddress))
        {
            writer.WriteStartObject(known.ServerAddress!);
            writer.WriteString("username", known.Username ?? "");
            writer.WriteString("password", known.Password ?? "");
            writer.WriteString("identitytoken", known.IdentityToken ?? "");
            writer.WriteString("serveraddress", known.ServerAddress);
            writer.WriteEndObject();
        }
        writer.WriteEndObject();
    }));

    private static string Json(Action<Utf8JsonWriter> write)
    {
        using var bytes = new MemoryStream();
        using (var writer = new Utf8JsonWriter(bytes))
            write(writer);
        return Encoding.UTF8.GetString(bytes.ToArray());
    }

    private static string Number(long value) => value.ToString(System.Globalization.CultureInfo.InvariantCulture);

    private static JSONMessage Message(string line)
    {
        using var json = JsonDocument.Parse(line);
        return new()
        {
            Stream = Text("stream"),
            Status = Text("status"),
            ID = Text("id"),
            Progress = json.RootElement.TryGetProperty("progressDetail", out var detail) && detail.EnumerateObject().Any() ? new() : null,
            Error = Text("error") is { } error ? new() { Message = error } : null,
        };

        string? Text(string name) => json.RootElement.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;
    }

    private static async ValueTask<Stream> Connect(string path, CancellationToken ct)
    {
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            await socket.ConnectAsync(new UnixDomainSocketEndPoint(path), ct);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }
}
