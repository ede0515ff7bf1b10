using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace PRTS.Tests;

/// <summary>A server that a test starts on a free port, with a directory of its own, and kills at the end.</summary>
internal sealed class ServerProcess : IAsyncDisposable
{
    private readonly string directory = Directory.CreateTempSubdirectory("prts-peer-").FullName;
    private Process process = null!;
    private bool stopped;

    public int Port { get; private init; }

    /// <summary>A program on the PATH, or installed by npm in a folder above this one.</summary>
    public static string? Find(string program)
    {
        var folders = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':').ToList();
        for (var at = new DirectoryInfo(AppContext.BaseDirectory); at is not null; at = at.Parent) folders.Add(Path.Combine(at.FullName, "node_modules", ".bin"));
        return folders.Select(folder => Path.Combine(folder, program)).FirstOrDefault(File.Exists);
    }

    public static async Task<ServerProcess> Start(Func<string, string, string[]> command)
    {
        var server = new ServerProcess { Port = FreePort() };
        var arguments = command(server.Port.ToString(CultureInfo.InvariantCulture), server.directory);
        var start = new ProcessStartInfo(arguments[0]) { UseShellExecute = false, RedirectStandardOutput = true, RedirectStandardError = true, WorkingDirectory = server.directory };
        foreach (var argument in arguments.AsSpan(1)) start.ArgumentList.Add(argument);
        server.process = Process.Start(start)!;
        var output = new List<string>();
        server.process.OutputDataReceived += (_, line) => { lock (output) output.Add(line.Data ?? ""); };
        server.process.ErrorDataReceived += (_, line) => { lock (output) output.Add(line.Data ?? ""); };
        server.process.BeginOutputReadLine();
        server.process.BeginErrorReadLine();
        var waited = Stopwatch.StartNew();
        while (!await Listens(server.Port))
        {
            if (server.process.HasExited || waited.Elapsed > TimeSpan.FromSeconds(90))
            {
                lock (output) throw new InvalidOperationException($"{arguments[0]} does not listen: {string.Join('\n', output)}");
            }

            await Task.Delay(50);
        }

        return server;
    }

    public async ValueTask DisposeAsync()
    {
        if (stopped) return;
        stopped = true;
        process.Kill(entireProcessTree: true);
        await process.WaitForExitAsync();
        process.Dispose();
        Directory.Delete(directory, recursive: true);
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    private static async Task<bool> Listens(int port)
    {
        using var client = new TcpClient();
        try
        {
            await client.ConnectAsync(IPAddress.Loopback, port);
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
