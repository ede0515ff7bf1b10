using System.Diagnostics;
using System.Net.Sockets;

namespace PRTS.Execution.Tests;

/// <summary>Another machine (a network namespace) with a web server at a link-local address, as clouds have for their machines, and at an ordinary one.</summary>
internal sealed class LinkLocalPeer : IAsyncDisposable
{
    public const string LinkLocal = "169.254.77.2";
    public const string Ordinary = "198.51.100.77";
    public const int Port = 8077;

    /// <summary>For busybox' shell: says of both addresses whether they answer.</summary>
    public static string Probe => $"for a in {Ordinary} {LinkLocal}; do nc -w 5 $a {Port} </dev/null 2>/dev/null && echo reached $a || echo closed $a; done";

    private const string Namespace = "prts-peer";

    /// <summary>Its addresses are there once.</summary>
    private static readonly SemaphoreSlim One = new(1);

    private readonly Process server;

    private LinkLocalPeer(Process server) => this.server = server;

    public static async Task<LinkLocalPeer> Start(CancellationToken ct)
    {
        await One.WaitAsync(ct);
        await Delete();
        await Ip("netns", "add", Namespace);
        await Ip("link", "add", "prts-ll0", "type", "veth", "peer", "name", "prts-ll1", "netns", Namespace);
        await Ip("address", "add", "169.254.77.1/30", "dev", "prts-ll0");
        await Ip("link", "set", "prts-ll0", "up");
        await Ip("-n", Namespace, "address", "add", LinkLocal + "/30", "dev", "prts-ll1");
        await Ip("-n", Namespace, "link", "set", "prts-ll1", "up");
        await Ip("-n", Namespace, "link", "set", "lo", "up");
        await Ip("-n", Namespace, "address", "add", Ordinary + "/32", "dev", "lo");
        await Ip("-n", Namespace, "route", "add", "default", "via", "169.254.77.1");
        await Ip("route", "add", Ordinary, "via", LinkLocal);
        var peer = new LinkLocalPeer(Process.Start("ip", ["netns", "exec", Namespace, "/bin/busybox", "httpd", "-f", "-p", Port.ToString(System.Globalization.CultureInfo.InvariantCulture)]));
        while (!await Answers(ct))
            await Task.Delay(50, ct);
        return peer;
    }

    /// <summary>Rules about users outlive the jobs that made them.</summary>
    public static async Task ForgetUsers()
    {
        foreach (var rule in (await Rules()).Where(rule => rule.Contains("to 169.254.0.0/16 uidrange 70000-79999", StringComparison.Ordinal)))
            await Run(["rule", "del", "pref", .. rule.Replace(":", "", StringComparison.Ordinal).Split((char[])[' ', '\t'], StringSplitOptions.RemoveEmptyEntries)]);
    }

    public static async Task<IReadOnlyList<string>> Rules() => (await Run("rule")).Split('\n');

    public async ValueTask DisposeAsync()
    {
        server.Kill(entireProcessTree: true);
        await server.WaitForExitAsync();
        server.Dispose();
        await Delete();
        One.Release();
    }

    /// <summary>With the namespace go its interfaces, and the routes over them.</summary>
    private static async Task Delete()
    {
        if ((await Run("netns", "list")).Contains(Namespace, StringComparison.Ordinal))
            await Ip("netns", "delete", Namespace);
    }

    private static async Task<bool> Answers(CancellationToken ct)
    {
        using var client = new TcpClient();
        try
        {
            await client.ConnectAsync(LinkLocal, Port, ct);
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }

    private static Task Ip(params string[] arguments) => Run(arguments);

    private static async Task<string> Run(params string[] arguments)
    {
        using var ip = Process.Start(new ProcessStartInfo("ip", arguments) { UseShellExecute = false, RedirectStandardOutput = true, RedirectStandardError = true })!;
        var errors = ip.StandardError.ReadToEndAsync();
        var output = await ip.StandardOutput.ReadToEndAsync();
        await ip.WaitForExitAsync();
        return ip.ExitCode == 0 ? output : throw new InvalidOperationException($"ip {string.Join(' ', arguments)}: {await errors}");
    }
}
