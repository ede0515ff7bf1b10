using System.Diagnostics;
using System.Formats.Tar;
using System.Net.Sockets;
using System.Text;
using Docker.DotNet;
using Docker.DotNet.Models;

namespace PRTS.Tests;

/// <summary>
/// A Docker daemon of its own, with images made of this machine's programs: <see cref="Small"/> has busybox alone, <see cref="Usual"/>
/// bash, too.
/// </summary>
public class EngineFixture : Xunit.IAsyncLifetime
{
    public const string Small = "prts-test/small:1";
    public const string Usual = "prts-test/usual:1";

    private readonly string directory = Directory.CreateTempSubdirectory("prts-dk-").FullName;
    private readonly StringBuilder log = new();
    private Process? daemon;

    public string Socket => Path.Combine(directory, "docker.sock");

    public DockerClient Client { get; private set; } = null!;

    public async ValueTask InitializeAsync()
    {
        if (!File.Exists(Program) || !File.Exists("/bin/busybox"))
            throw new InvalidOperationException($"These tests need {Program} and busybox: apt-get install {Package} busybox-static.");
        if (!Environment.IsPrivilegedProcess)
            throw new InvalidOperationException("These tests start a container engine, which only root can.");
        Client = new DockerClientBuilder().WithEndpoint(new Uri("unix://" + Socket)).Build();
        await StartDaemon();
        await Import(Small, _ => { });
        await Import(Usual, AddBash);
    }

    protected virtual string Program => "/usr/sbin/dockerd";

    protected virtual string Package => "docker.io";

    /// <summary>The daemon's arguments; it may also need files and variables.</summary>
    protected virtual IReadOnlyList<string> Prepare(IDictionary<string, string?> environment) =>
        ["--data-root", In("data"), "--exec-root", In("exec"), "--pidfile", In("pid"), "-H", "unix://" + Socket, "--bridge", "none"];

    /// <summary>Starts the daemon again, after <see cref="StopDaemon"/>.</summary>
    public async Task StartDaemon()
    {
        var start = new ProcessStartInfo(Program) { UseShellExecute = false, RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var argument in Prepare(start.Environment))
            start.ArgumentList.Add(argument);
        daemon = Process.Start(start)!;
        daemon.OutputDataReceived += (_, line) => Note(line.Data);
        daemon.ErrorDataReceived += (_, line) => Note(line.Data);
        daemon.BeginOutputReadLine();
        daemon.BeginErrorReadLine();
        var waited = Stopwatch.StartNew();
        while (!await Answers())
        {
            if (daemon.HasExited || waited.Elapsed > TimeSpan.FromSeconds(60))
                lock (log) throw new InvalidOperationException($"{Program} does not start: {log}");
            await Task.Delay(50);
        }
    }

    /// <summary>In good order: its containers are stopped, and what it mounted is unmounted.</summary>
    public async Task StopDaemon()
    {
        if (daemon is null)
            return;
        using (var kill = Process.Start("kill", ["-TERM", daemon.Id.ToString(System.Globalization.CultureInfo.InvariantCulture)]))
            await kill.WaitForExitAsync();
        await daemon.WaitForExitAsync();
        daemon.Dispose();
        daemon = null;
    }

    /// <summary>At once, as a crash does: its containers stay as they are.</summary>
    public async Task KillDaemon()
    {
        daemon!.Kill();
        await daemon.WaitForExitAsync();
        daemon.Dispose();
        daemon = null;
        // Its own child dies with it, but stays a zombie where nobody waits for orphans, and would be taken for alive.
        File.Delete(In("exec/containerd/containerd.pid"));
        using var unmount = Process.Start("umount", ["--lazy", In("data")]);
        await unmount.WaitForExitAsync();
    }

    /// <summary>Makes an image of the small one's files and these.</summary>
    /// <param name="changes">Lines of a Dockerfile, such as <c>USER 1000</c>.</param>
    public async Task Import(string name, Action<TarWriter> add, params string[] changes)
    {
        var archive = new MemoryStream();
        await using (var tar = new TarWriter(archive, leaveOpen: true))
        {
            AddBusybox(tar);
            add(tar);
        }
        archive.Position = 0;
        await Client.Images.CreateImageAsync(
            new ImagesCreateParameters { FromSrc = "-", Repo = name.Split(':')[0], Tag = name.Split(':')[1], Changes = ["ENV PATH=/bin:/usr/bin", .. changes] },
            archive, null, new Progress<JSONMessage>());
        await Name(name.Split(':')[0], name.Split(':')[1]);
    }

    /// <summary>After an import, where the engine does not take a tag with it.</summary>
    protected virtual Task Name(string repository, string tag) => Task.CompletedTask;

    public static void AddText(TarWriter tar, string path, string text, bool executable = false) => tar.WriteEntry(new PaxTarEntry(TarEntryType.RegularFile, path)
    {
        DataStream = new MemoryStream(Encoding.UTF8.GetBytes(text)),
        Mode = (UnixFileMode)(executable ? 0b111_101_101 : 0b110_100_100),
    });

    public async ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        Client?.Dispose();
        await StopDaemon();
        Directory.Delete(directory, recursive: true);
    }

    private static void AddBusybox(TarWriter tar)
    {
        foreach (var folder in (string[])["bin", "usr", "usr/bin", "etc", "proc", "dev", "root", "opt", "var"])
            tar.WriteEntry(new PaxTarEntry(TarEntryType.Directory, folder) { Mode = (UnixFileMode)0b111_101_101 });
        tar.WriteEntry(new PaxTarEntry(TarEntryType.Directory, "tmp") { Mode = (UnixFileMode)0b1_111_111_111 });
        tar.WriteEntry("/bin/busybox", "bin/busybox");
        using var busybox = Process.Start(new ProcessStartInfo("/bin/busybox", "--list") { UseShellExecute = false, RedirectStandardOutput = true })!;
        foreach (var applet in busybox.StandardOutput.ReadToEnd().Split('\n', StringSplitOptions.RemoveEmptyEntries).Where(applet => applet != "busybox"))
            tar.WriteEntry(new PaxTarEntry(TarEntryType.SymbolicLink, "bin/" + applet) { LinkName = "busybox" });
        AddText(tar, "etc/passwd", "root:x:0:0:root:/root:/bin/sh\nnode:x:1234:1235::/tmp:/bin/sh\n");
        AddText(tar, "etc/group", "root:x:0:\nnode:x:1235:\n");
    }

    private static void AddBash(TarWriter tar)
    {
        using var ldd = Process.Start(new ProcessStartInfo("ldd", "/bin/bash") { UseShellExecute = false, RedirectStandardOutput = true })!;
        var libraries = ldd.StandardOutput.ReadToEnd().Split((char[])[' ', '\t', '\n'], StringSplitOptions.RemoveEmptyEntries).Where(word => word.StartsWith('/'));
        foreach (var file in libraries.Append("/bin/bash").Distinct())
            tar.WriteEntry(File.ResolveLinkTarget(file, returnFinalTarget: true)?.FullName ?? file, file[1..]);
    }

    private async Task<bool> Answers()
    {
        try
        {
            await Client.System.PingAsync();
            return true;
        }
        catch (Exception e) when (e is HttpRequestException or SocketException or IOException or TimeoutException)
        {
            return false;
        }
    }

    private void Note(string? line)
    {
        lock (log) log.AppendLine(line);
    }

    protected string In(string name) => Path.Combine(directory, name);
}
