using System.Diagnostics;
using System.Globalization;
using System.Net.Sockets;
using System.Text;
using PRTS.Supervisor.Masking;
using PRTS.Supervisor.Protocol;

namespace PRTS.Benchmarks;

/// <summary>What masking takes: the masker by itself in one thread, and a supervisor whose step writes as fast as it is let.</summary>
internal static class MaskBenchmark
{
    private const int Megabytes = 32;
    private const int ChunkSize = 64 << 10;

    public static void Masker(Figures figures, int rounds)
    {
        foreach (var count in (int[])[10, 100])
        {
            var masks = Masks.Of(Secrets(count));
            Measure(figures, $"build-like log, {count} secrets", masks, Log(null), rounds);
            Measure(figures, $"the same, one of them in every tenth line", masks, Log(Secrets(count)), rounds);
        }
        Measure(figures, "numbered lines (seq), 100 secrets", Masks.Of(Secrets(100)), Numbers(), rounds);
        Measure(figures, "build-like log, 20 private keys of 3 kB", Masks.Of(Keys(20)), Log(null), rounds);
    }

    /// <summary>What a supervisor does when it is told secrets, before the first step.</summary>
    public static void Secrets(Figures figures, int rounds)
    {
        foreach (var (name, secrets) in (ReadOnlySpan<(string, List<string>)>)[("100 secrets", Secrets(100)), ("20 private keys of 3 kB", Keys(20)), ("300 of them, 1 MB", Keys(300))])
        {
            var times = new List<double>();
            for (var round = 0; round < rounds; round++)
            {
                var before = Environment.CpuUsage.TotalTime;
                _ = Masks.Of(secrets);
                times.Add((Environment.CpuUsage.TotalTime - before).TotalMilliseconds);
            }
            figures.Add($"all forms of {name}, processor time", string.Create(CultureInfo.InvariantCulture, $"median {Figures.Percentile(times, 50):0.0} ms, n {rounds}"), "(for information)");
        }
    }

    /// <summary>From the start of the step's process to its end, when all is in the spool.</summary>
    public static async Task Supervisor(Figures figures, string program, int rounds)
    {
        var directory = Directory.CreateTempSubdirectory("prts-bench-mask-").FullName;
        try
        {
            var file = Path.Combine(directory, "log");
            await using (var writer = File.Create(file))
            {
                for (var i = 0; i < 8; i++)
                    await writer.WriteAsync(Log(null));
            }
            foreach (var secrets in (int[])[0, 100])
            {
                var speeds = new List<double>();
                for (var round = 0; round < rounds; round++)
                    speeds.Add(new FileInfo(file).Length / 1e3 / await StepTime(program, Path.Combine(directory, $"{secrets}-{round}"), file, Secrets(secrets)));
                figures.Add($"a supervisor's step that writes {new FileInfo(file).Length / 1_000_000} MB, {secrets} secrets", Distribution(speeds), secrets == 0 ? "(for comparison)" : "≥ 200 MB/s");
            }
        }
        finally
        {
            Directory.Delete(directory, recursive: true);
        }
    }

    private static async Task<long> StepTime(string program, string directory, string file, List<string> secrets)
    {
        Directory.CreateDirectory(directory);
        await File.WriteAllTextAsync(Path.Combine(directory, "job.json"), "{}");
        using var process = Process.Start(new ProcessStartInfo(program) { WorkingDirectory = directory, RedirectStandardOutput = true, UseShellExecute = false })!;
        await process.StandardOutput.ReadLineAsync();
        using var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        await socket.ConnectAsync(new UnixDomainSocketEndPoint(Path.Combine(directory, JobFiles.ControlSocket)));
        await using var stream = new NetworkStream(socket);
        if (secrets.Count > 0)
            await stream.WriteAsync(Frames.Mask(secrets));
        await stream.WriteAsync(Frames.Run(new(0, ["/bin/cat", file], [], "/", -1, -1, -1, 1000)));
        var frame = new byte[Frames.StatusSize];
        while (true)
        {
            await stream.ReadExactlyAsync(frame);
            // What is acknowledged is deleted, so the disk is not what is measured.
            var status = Frames.ReadStatus(frame.AsSpan(Frames.HeaderSize));
            await stream.WriteAsync(Frames.Acknowledge(status.LogLength));
            var journal = JournalRecord.ParseAll(await File.ReadAllBytesAsync(Path.Combine(directory, JobFiles.Journal)));
            if (journal.OfType<ProcessExited>().SingleOrDefault() is not { } exited)
                continue;
            await stream.WriteAsync(Frames.Exit());
            await process.WaitForExitAsync();
            return exited.At - journal.OfType<ProcessStarted>().Single().At;
        }
    }

    private static void Measure(Figures figures, string name, Masks masks, byte[] log, int rounds)
    {
        var passed = 0L;
        var masker = new Masker(masks, bytes => passed += bytes.Length);
        var speeds = new List<double>();
        var used = new List<double>();
        for (var round = -3; round < rounds; round++)
        {
            var (start, before) = (Stopwatch.GetTimestamp(), Environment.CpuUsage.TotalTime);
            for (var at = 0; at < log.Length; at += ChunkSize)
                masker.Append(log.AsSpan(at, Math.Min(ChunkSize, log.Length - at)));
            masker.End();
            if (round < 0)
                continue;
            speeds.Add(log.Length / 1e6 / Stopwatch.GetElapsedTime(start).TotalSeconds);
            used.Add(log.Length / 1e6 / (Environment.CpuUsage.TotalTime - before).TotalSeconds);
        }
        figures.Add("masking, " + name, string.Create(CultureInfo.InvariantCulture, $"{Distribution(speeds)}; a second of the processor's time: median {Figures.Percentile(used, 50):0} MB"), "≥ 200 MB/s");
    }

    private static string Distribution(List<double> speeds) =>
        string.Create(CultureInfo.InvariantCulture, $"median {Figures.Percentile(speeds, 50):0} MB/s, slowest {speeds.Min():0}, fastest {speeds.Max():0}, n {speeds.Count}");

    /// <summary>Of the kinds that projects have: tokens, passwords with marks, connection strings.</summary>
    private static List<string> Secrets(int count)
    {
        var random = new Random(1);
        return [.. Enumerable.Range(0, count).Select(i => (i % 4) switch
        {
            0 => "ghp_" + Text(random, 36, 62),
            1 => Text(random, 20, Marks.Length),
            2 => $"postgres://user{i}:{Text(random, 16, Marks.Length)}@db{i}.example.com:5432/app",
            _ => Text(random, 40, 62),
        })];
    }

    private static List<string> Keys(int count)
    {
        var random = new Random(2);
        return [.. Enumerable.Range(0, count).Select(_ =>
            $"-----BEGIN PRIVATE KEY-----\n{string.Concat(Enumerable.Range(0, 48).Select(_ => Text(random, 64, 62) + "\n"))}-----END PRIVATE KEY-----\n")];
    }

    private const string Marks = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789!#$%&()*+,-./:;<=>?@[]^_{|}~";

    private static string Text(Random random, int length, int characters) => string.Concat(Enumerable.Range(0, length).Select(_ => Marks[random.Next(characters)]));

    private static byte[] Log(List<string>? secrets)
    {
        var random = new Random(3);
        string[] lines =
        [
            "[{0}] Compiling src/app/modules/{1}/component_{0}.ts -> dist/app/{1}.js", "npm warn deprecated package-{0}@{0}.1.2: this version is no longer supported, see https://example.com/{1}",
            "2026-03-07T12:{0}:01.123Z INFO  [worker-{0}] request id={1} handled in {0} ms status=200", "  ✓ module {1} behaves as it should when {0} items are there ({0}ms)",
            "    at com.example.app.{1}.Handler.invoke(Handler.java:{0})", "sha256:{2}", "PASS tests/unit/{1}.spec.ts", "",
        ];
        var log = new StringBuilder();
        for (var i = 0; log.Length < Megabytes * 1_000_000; i++)
        {
            log.AppendFormat(CultureInfo.InvariantCulture, lines[random.Next(lines.Length)], random.Next(100), Words[random.Next(Words.Length)], random.NextInt64().ToString("x16", CultureInfo.InvariantCulture));
            log.Append(secrets is not null && i % 10 == 0 ? " " + secrets[random.Next(secrets.Count)] : "").Append('\n');
        }
        return Encoding.UTF8.GetBytes(log.ToString());
    }

    private static readonly string[] Words = ["account", "billing", "catalog", "database", "gateway", "inventory", "payments", "postgres", "reporting", "shipping"];

    private static byte[] Numbers()
    {
        var log = new StringBuilder();
        for (var i = 1_000_000; log.Length < Megabytes * 1_000_000; i++)
            log.Append(i).Append('\n');
        return Encoding.UTF8.GetBytes(log.ToString());
    }
}
