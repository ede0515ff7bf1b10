using System.Diagnostics;
using System.Net;
using System.Net.Sockets;

namespace PRTS.Cli.Tests;

public sealed record Answer(int ExitCode, string Output, string Error);

/// <summary>The real program, in a data directory of its own.</summary>
public sealed class Prts : IAsyncDisposable
{
    private readonly Dictionary<string, string?> environment = new(StringComparer.Ordinal)
    {
        ["PRTS_URL"] = null,
        ["PRTS_TOKEN"] = null,
        ["PRTS_DATABASE"] = null,
        ["PRTS_AGENT_HOME"] = null,
        ["PRTS_AGENT_NAME"] = "local",
    };

    public Prts()
    {
        Scratch = Directory.CreateTempSubdirectory("prts-cli-").FullName;
        // The database's user must be able to pass.
        File.SetUnixFileMode(Scratch, (UnixFileMode)Convert.ToInt32("755", 8));
        Home = Path.Combine(Scratch, "home");
        Port = FreePorts();
        this["PRTS_HOME"] = Home;
        this["PRTS_PORT"] = Port.ToString(System.Globalization.CultureInfo.InvariantCulture);
    }

    public string Scratch { get; }
    public string Home { get; }
    public int Port { get; }

    public string? this[string variable]
    {
        set => environment[variable] = value;
    }

    public Process Start(params string[] arguments)
    {
        var start = new ProcessStartInfo(Path.Combine(AppContext.BaseDirectory, "prts"))
        {
            UseShellExecute = false,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            RedirectStandardInput = true,
            WorkingDirectory = Scratch,
        };
        Array.ForEach(arguments, start.ArgumentList.Add);
        foreach (var (name, value) in environment) start.Environment[name] = value;
        var process = Process.Start(start)!;
        process.StandardInput.Close();
        return process;
    }

    public async Task<Answer> RunAsync(params string[] arguments)
    {
        using var process = Start(arguments);
        var output = process.StandardOutput.ReadToEndAsync();
        var error = process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        return new Answer(process.ExitCode, await output, await error);
    }

    public async ValueTask DisposeAsync()
    {
        await RunAsync("down");
        Directory.Delete(Scratch, recursive: true);
    }

    /// <summary>A port that is free with the two after it.</summary>
    private static int FreePorts()
    {
        while (true)
        {
            try
            {
                var listeners = new List<TcpListener> { new(IPAddress.Loopback, 0) };
                listeners[0].Start();
                var port = ((IPEndPoint)listeners[0].LocalEndpoint).Port;
                foreach (var next in new[] { port + 1, port + 2 })
                {
                    listeners.Add(new TcpListener(IPAddress.Loopback, next));
                    listeners[^1].Start();
                }

                listeners.ForEach(listener => listener.Dispose());
                return port;
            }
            catch (Exception taken) when (taken is SocketException or ArgumentException)
            {
                // A neighbour is in use: try other ones.
            }
        }
    }
}
