using System.Net;
using System.Net.Sockets;

namespace PRTS.Execution.Tests;

/// <summary>Takes connections on loopback and says nothing.</summary>
internal sealed class SilentListener : IDisposable
{
    private readonly TcpListener listener = new(IPAddress.Loopback, 0);

    public SilentListener() => listener.Start();

    public string Address => $"127.0.0.1:{((IPEndPoint)listener.LocalEndpoint).Port}";

    public void Dispose() => listener.Dispose();
}
