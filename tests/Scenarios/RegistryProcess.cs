using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace PRTS.Scenarios;

/// <summary>A real image registry (Debian's docker-registry) on this machine, where engines take plain HTTP.</summary>
internal sealed class RegistryProcess : IAsyncDisposable
{
    private readonly Process process;
    private readonly string directory;

    private RegistryProcess(Process process, string directory, string address) => (this.process, this.directory, Address) = (process, directory, address);

    public string Address { get; }

    /// <exception cref="InvalidOperationException">It is not installed, or does not start.</exception>
    public static async Task<RegistryProcess> Start()
    {
        var home = Directory.CreateTempSubdirectory("prts-registry-").FullName;
        var address = $"127.0.0.1:{FreePort().ToString(CultureInfo.InvariantCulture)}";
        var config = Path.Combine(home, "config.yml");
        await File.WriteAllTextAsync(config, $"version: 0.1\nlog: {{level: warn}}\nstorage: {{filesystem: {{rootdirectory: {home}/data}}}}\nhttp: {{addr: {address}}}\n");
        var start = new ProcessStartInfo("/usr/bin/docker-registry") { ArgumentList = { "serve", config }, RedirectStandardOutput = true, RedirectStandardError = true, UseShellExecute = false };
        if (!File.Exists(start.FileName))
            throw new InvalidOperationException("There is no /usr/bin/docker-registry; ./prts test installs it.");
        var registry = new RegistryProcess(Process.Start(start)!, home, address);
        registry.process.BeginOutputReadLine();
        registry.process.BeginErrorReadLine();
        using var http = new HttpClient();
        for (var tries = 0; ; tries++)
        {
            try
            {
                (await http.GetAsync($"http://{address}/v2/")).EnsureSuccessStatusCode();
                return registry;
            }
            catch (HttpRequestException) when (tries < 100 && !registry.process.HasExited)
            {
                await Task.Delay(50);
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        process.Kill();
        await process.WaitForExitAsync();
        process.Dispose();
        Directory.Delete(directory, recursive: true);
    }

    private static int FreePort()
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return ((IPEndPoint)socket.LocalEndPoint!).Port;
    }
}
