using System.Diagnostics;
using System.Net.Sockets;
using System.Text;
using PRTS.Supervisor.Protocol;

namespace PRTS.Supervisor.Tests;

/// <summary>A real supervisor in a directory of its own, and an agent's end of its control socket.</summary>
internal sealed class SupervisorProcess : IDisposable
{
    private readonly bool ownsDirectory;
    private Socket? socket;
    private NetworkStream? stream;

    private SupervisorProcess(string directory, Process process, bool ownsDirectory) =>
        (Directory, Process, this.ownsDirectory) = (directory, process, ownsDirectory);

    public static string ProgramPath { get; } =
        Environment.GetEnvironmentVariable("PRTS_SUPERVISOR") ?? Path.Combine(AppContext.BaseDirectory, "prts-supervisor");

    public string Directory { get; }

    public Process Process { get; }

    public IReadOnlyList<JournalRecord> Journal => JournalRecord.ParseAll(File.ReadAllBytes(Path.Combine(Directory, JobFiles.Journal)));

    public static async Task<SupervisorProcess> Start(string? directory = null, params string[] arguments)
    {
        var own = directory is null;
        directory ??= System.IO.Directory.CreateTempSubdirectory("prts-supervisor-").FullName;
        await File.WriteAllTextAsync(Path.Combine(directory, "job.json"), "{}");
        var start = new ProcessStartInfo(ProgramPath, arguments) { WorkingDirectory = directory, RedirectStandardOutput = true, RedirectStandardError = true, UseShellExecute = false };
        var process = Process.Start(start)!;
        var supervisor = new SupervisorProcess(directory, process, own);
        var ready = await process.StandardOutput.ReadLineAsync();
        Assert.True(ready == "ready", ready + await (ready == "ready" ? Task.FromResult("") : process.StandardError.ReadToEndAsync()));
        supervisor.Connect();
        return supervisor;
    }

    public void Connect()
    {
        stream?.Dispose();
        socket?.Dispose();
        socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        socket.Connect(new UnixDomainSocketEndPoint(Path.Combine(Directory, JobFiles.ControlSocket)));
        stream = new NetworkStream(socket);
    }

    public void Send(byte[] frame) => stream!.Write(frame);

    public void Run(int index, string script, long timeoutMs = -1, long graceMs = 1000, string program = "/bin/bash", int group = -1, string label = "") =>
        Send(Frames.Run(new(index, [program, "-c", script], ["PATH=/usr/bin:/bin"], Directory, -1, -1, timeoutMs, graceMs, group, label)));

    /// <summary>Reads notices until one satisfies.</summary>
    public async Task<SupervisorStatus> Until(Func<SupervisorStatus, bool> condition)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        limit.CancelAfter(TimeSpan.FromSeconds(60));
        var frame = new byte[Frames.StatusSize];
        while (true)
        {
            await stream!.ReadExactlyAsync(frame, limit.Token);
            var status = Frames.ReadStatus(frame.AsSpan(Frames.HeaderSize));
            if (condition(status))
                return status;
        }
    }

    public async Task<T> UntilJournal<T>(Func<T, bool>? condition = null) where T : JournalRecord
    {
        // The notice of it may have been read already.
        if (!Journal.OfType<T>().Any(condition ?? (static _ => true)))
            await Until(_ => Journal.OfType<T>().Any(condition ?? (static _ => true)));
        return Journal.OfType<T>().First(condition ?? (static _ => true));
    }

    public async Task UntilLog(string text)
    {
        if (!Logged())
            await Until(_ => Logged());

        bool Logged() => Encoding.Latin1.GetString(Log()).Contains(text, StringComparison.Ordinal);
    }

    /// <summary>What the spool has from an offset on.</summary>
    public byte[] Log(long from = 0)
    {
        var spool = Path.Combine(Directory, JobFiles.Spool);
        var starts = SpoolFiles.Segments(spool);
        var needed = starts.Where((_, i) => i + 1 == starts.Count || starts[i + 1] > from).ToList();
        var bytes = needed.SelectMany(start => ReadShared(Path.Combine(spool, SpoolFiles.SegmentName(start)))).ToArray();
        return needed is [var first, ..] && from > first ? bytes[(int)(from - first)..] : bytes;
    }

    public string Text() => Encoding.Latin1.GetString(Log());

    public void Dispose()
    {
        stream?.Dispose();
        socket?.Dispose();
        if (!Process.HasExited)
        {
            foreach (var step in Journal.OfType<ProcessStarted>())
                Signal("-KILL", -step.Pid);
            Process.Kill();
        }
        Process.WaitForExit();
        Process.Dispose();
        if (ownsDirectory)
            System.IO.Directory.Delete(Directory, recursive: true);
    }

    public static void Signal(string signal, int pid)
    {
        using var kill = Process.Start(new ProcessStartInfo("/usr/bin/kill", [signal, "--", pid.ToString(System.Globalization.CultureInfo.InvariantCulture)]) { RedirectStandardError = true, UseShellExecute = false })!;
        kill.WaitForExit();
    }

    private static byte[] ReadShared(string path)
    {
        using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        var bytes = new byte[file.Length];
        file.ReadExactly(bytes);
        return bytes;
    }
}
