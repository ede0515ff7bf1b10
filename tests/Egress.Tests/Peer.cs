using System.Net;
using System.Net.Sockets;
using System.Text;

namespace PRTS.Egress.Tests;

/// <summary>A server that says exactly what a test wants, byte for byte, on an address of this machine.</summary>
internal sealed class Peer : IAsyncDisposable
{
    private readonly TcpListener listener;
    private readonly CancellationTokenSource stop = new();
    private readonly Task serving;
    private int connections;

    public Peer(string address, Func<string, NetworkStream, Task> answer)
    {
        listener = new TcpListener(IPAddress.Parse(address), 0);
        listener.Start();
        serving = Serve(answer);
    }

    public int Port => ((IPEndPoint)listener.LocalEndpoint).Port;
    public int Connections => connections;

    /// <summary>The head of each request, in order; bodies behind it when they came at once.</summary>
    public System.Collections.Concurrent.ConcurrentQueue<string> Requests { get; } = new();

    public static Func<string, NetworkStream, Task> Says(string head, string body = "") =>
        (_, stream) => Write(stream, $"{head}\r\nContent-Length: {body.Length}\r\nConnection: close\r\n\r\n{body}");

    public static Func<string, NetworkStream, Task> Redirects(string location, string status = "302 Found") => Says($"HTTP/1.1 {status}\r\nLocation: {location}");

    public static async Task Write(NetworkStream stream, string text) => await stream.WriteAsync(Encoding.Latin1.GetBytes(text));

    public async ValueTask DisposeAsync()
    {
        await stop.CancelAsync();
        listener.Stop();
        await serving.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        stop.Dispose();
    }

    private async Task Serve(Func<string, NetworkStream, Task> answer)
    {
        while (!stop.IsCancellationRequested)
        {
            var client = await listener.AcceptTcpClientAsync(stop.Token);
            Interlocked.Increment(ref connections);
            _ = Answer(client, answer);
        }
    }

    private async Task Answer(TcpClient client, Func<string, NetworkStream, Task> answer)
    {
        using (client)
        {
            try
            {
                var stream = client.GetStream();
                var buffer = new byte[32 * 1024];
                var length = 0;
                while (!Encoding.Latin1.GetString(buffer, 0, length).Contains("\r\n\r\n", StringComparison.Ordinal))
                {
                    var read = await stream.ReadAsync(buffer.AsMemory(length), stop.Token);
                    if (read == 0) return;
                    length += read;
                }

                var request = Encoding.Latin1.GetString(buffer, 0, length);
                Requests.Enqueue(request);
                await answer(request, stream);
            }
            catch (Exception gone) when (gone is IOException or OperationCanceledException or SocketException)
            {
                // The client has had enough.
            }
        }
    }
}
