using System.Net.Sockets;
using Docker.DotNet;

namespace PRTS.Execution.Containers;

/// <summary>The engine of this machine, asked over the Docker API: Docker's daemon, or podman's service.</summary>
public sealed class ContainerEngine : IDisposable
{
    private static readonly string[] Sockets = ["/var/run/docker.sock", "/run/podman/podman.sock"];
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);
    private readonly Lazy<DockerClient> client;

    public ContainerEngine(string socket)
    {
        Path = socket;
        client = new(() => new DockerClientBuilder().WithEndpoint(new Uri("unix://" + socket)).WithTimeout(Timeout.InfiniteTimeSpan).Build());
    }

    public string Path { get; }

    internal DockerClient Client => client.Value;

    /// <param name="setting">
    /// <c>none</c>, or a socket as <c>unix:///run/docker.sock</c> or as its path; null: the first that is there, of DOCKER_HOST,
    /// Docker's and podman's usual places, else Docker's, where it may appear later.
    /// </param>
    /// <returns>Null: this machine is to run no containers.</returns>
    /// <exception cref="FormatException">The setting is no socket of this machine; the message says what would be right.</exception>
    public static ContainerEngine? Find(string? setting)
    {
        if (setting == "none")
            return null;
        if (setting is not null)
            return new(PathOf(setting) ?? throw new FormatException(
                $"'{setting}' is no container engine of this machine: give its socket, for example unix:///var/run/docker.sock, or none. Engines of other machines cannot see this one's workspaces."));
        return new(Usual().FirstOrDefault(File.Exists) ?? Sockets[0]);
    }

    /// <summary>Whether it answers now. Asked by hand: an agent that has no container to run need not load the engine's client.</summary>
    public async Task<bool> IsReady(CancellationToken ct)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(ct);
        limit.CancelAfter(Patience);
        try
        {
            using var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
            await socket.ConnectAsync(new UnixDomainSocketEndPoint(Path), limit.Token);
            await socket.SendAsync("GET /_ping HTTP/1.0\r\nHost: localhost\r\n\r\n"u8.ToArray(), limit.Token);
            var answer = new byte[12];
            await using var stream = new NetworkStream(socket);
            return await stream.ReadAtLeastAsync(answer, answer.Length, throwOnEndOfStream: false, limit.Token) == answer.Length && answer.AsSpan()[^3..].SequenceEqual("200"u8);
        }
        catch (Exception e) when (e is SocketException or IOException || e is OperationCanceledException && !ct.IsCancellationRequested)
        {
            return false;
        }
    }

    /// <exception cref="EngineException">The engine does not answer, or refuses; the message names it.</exception>
    internal async Task<T> Ask<T>(string what, Func<DockerClient, Task<T>> question)
    {
        try
        {
            return await question(Client);
        }
        catch (DockerApiException e)
        {
            throw new EngineException($"{what}: {Said(e)}", e) { IsMissing = e.StatusCode == System.Net.HttpStatusCode.NotFound };
        }
        catch (Exception e) when (e is HttpRequestException or IOException or TimeoutException or SocketException)
        {
            throw new EngineException($"{what}: the container engine ({Path}) does not answer: {e.GetBaseException().Message.TrimEnd('.')}. Is it running?", e) { IsGone = true };
        }
    }

    internal Task Ask(string what, Func<DockerClient, Task> command) => Ask(what, async client =>
    {
        await command(client);
        return true;
    });

    public void Dispose()
    {
        if (client.IsValueCreated)
            client.Value.Dispose();
    }

    private static IEnumerable<string> Usual()
    {
        if (PathOf(Environment.GetEnvironmentVariable("DOCKER_HOST") ?? "") is { } host)
            yield return host;
        foreach (var socket in Sockets)
            yield return socket;
        if (Environment.GetEnvironmentVariable("XDG_RUNTIME_DIR") is not { Length: > 0 } runtime)
            yield break;
        yield return System.IO.Path.Combine(runtime, "docker.sock");
        yield return System.IO.Path.Combine(runtime, "podman", "podman.sock");
    }

    private static string? PathOf(string setting)
    {
        var path = setting.StartsWith("unix://", StringComparison.Ordinal) ? setting["unix://".Length..] : setting;
        return path.StartsWith('/') ? path : null;
    }

    private static string Said(DockerApiException refusal) => Said(refusal.ResponseBody ?? "") ?? $"the container engine answered {(int)refusal.StatusCode}";

    /// <summary>The engine's own words, out of its JSON; null when it has none.</summary>
    internal static string? Said(string body)
    {
        try
        {
            using var json = System.Text.Json.JsonDocument.Parse(body);
            if (json.RootElement.TryGetProperty("message", out var message))
                return message.GetString()!.Trim();
        }
        catch (System.Text.Json.JsonException)
        {
            // A proxy's words, then.
        }
        return body.Trim() is { Length: > 0 } words ? words : null;
    }
}

/// <summary>The container engine could not do what was asked; the message says what, and why.</summary>
internal sealed class EngineException(string message, Exception? cause = null) : Exception(message, cause)
{
    /// <summary>What was asked about is not there.</summary>
    public bool IsMissing { get; init; }

    /// <summary>The engine itself does not answer.</summary>
    public bool IsGone { get; init; }
}
