using System.Diagnostics;
using System.Net;
using System.Net.Sockets;

namespace PRTS.Execution.Tests;

/// <summary>Serves the repositories in a folder as the control plane does, to whoever asks: git's own upload-pack over HTTP.</summary>
internal sealed class GitServer : IDisposable
{
    private readonly HttpListener listener;
    private readonly string folder;

    public GitServer(string folder)
    {
        this.folder = folder;
        listener = Listen();
        Url = listener.Prefixes.Single().TrimEnd('/');
        _ = Serve();
    }

    public string Url { get; }

    /// <summary>How many more requests are cut off in the middle of their answer.</summary>
    public int Cuts { get; set; }

    public void Dispose() => listener.Close();

    /// <summary>A free port may be taken by another test between being found and being used.</summary>
    private static HttpListener Listen()
    {
        while (true)
        {
            string address;
            using (var probe = new TcpListener(IPAddress.Loopback, 0))
            {
                probe.Start();
                address = $"http://{probe.LocalEndpoint}/";
            }

            var candidate = new HttpListener { Prefixes = { address } };
            try
            {
                candidate.Start();
                return candidate;
            }
            catch (HttpListenerException taken) when (taken.ErrorCode == (int)SocketError.AddressAlreadyInUse || taken.Message.Contains("in use", StringComparison.Ordinal))
            {
                candidate.Close();
            }
        }
    }

    private async Task Serve()
    {
        while (listener.IsListening)
        {
            try
            {
                _ = Answer(await listener.GetContextAsync());
            }
            catch (Exception e) when (e is HttpListenerException or ObjectDisposedException)
            {
                return;
            }
        }
    }

    private async Task Answer(HttpListenerContext context)
    {
        var path = context.Request.Url!.AbsolutePath;
        var repository = Path.Combine(folder, path["/git/".Length..].Split(".git/")[0] + ".git");
        if (!Directory.Exists(repository))
        {
            context.Response.StatusCode = 404;
            context.Response.Close("There is no such repository.\n"u8.ToArray(), willBlock: false);
            return;
        }

        var start = new ProcessStartInfo("git", ["upload-pack", "--stateless-rpc", repository])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            UseShellExecute = false,
            Environment = { ["GIT_PROTOCOL"] = context.Request.Headers["Git-Protocol"], ["GIT_CONFIG_COUNT"] = "1", ["GIT_CONFIG_KEY_0"] = "safe.directory", ["GIT_CONFIG_VALUE_0"] = "*" },
        };
        using var git = Process.Start(start)!;
        await context.Request.InputStream.CopyToAsync(git.StandardInput.BaseStream);
        git.StandardInput.Close();
        context.Response.SendChunked = true;
        if (Cuts > 0)
        {
            Cuts--;
            await context.Response.OutputStream.WriteAsync("00"u8.ToArray());
            await context.Response.OutputStream.FlushAsync();
            git.Kill();
            context.Response.Abort();
            return;
        }

        await git.StandardOutput.BaseStream.CopyToAsync(context.Response.OutputStream);
        context.Response.Close();
    }
}
