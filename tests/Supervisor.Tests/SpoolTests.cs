using System.Diagnostics;
using PRTS.Supervisor.Protocol;

namespace PRTS.Supervisor.Tests;

public sealed class SpoolTests
{
    [Fact]
    public async Task Spool_LimitReached_StepWaitsForAcknowledgement()
    {
        using var supervisor = await SupervisorProcess.Start(null, "--spool-limit=3000000", "--segment-size=1000000");
        supervisor.Run(0, "head -c 20000000 /dev/zero");
        var full = await supervisor.Until(status => status.Spool == SpoolState.Full);
        Assert.InRange(full.LogLength, 3_000_000, 3_000_000 + (1 << 20));
        Assert.Empty(supervisor.Journal.OfType<ProcessExited>());

        var acknowledged = full.LogLength;
        supervisor.Send(Frames.Acknowledge(acknowledged));
        while (acknowledged < 20_000_000)
        {
            acknowledged = (await supervisor.Until(status => status.LogLength > acknowledged)).LogLength;
            supervisor.Send(Frames.Acknowledge(acknowledged));
        }
        var exited = await supervisor.UntilJournal<ProcessExited>();

        Assert.Equal((0, 20_000_000L), (exited.Code, exited.LogOffset));
        Assert.InRange(SpoolFiles.Segments(Path.Combine(supervisor.Directory, JobFiles.Spool)).Count, 1, 4);
    }

    [Fact]
    public async Task Spool_Index_TellsWhenBytesCame()
    {
        using var supervisor = await SupervisorProcess.Start();
        var go = Path.Combine(supervisor.Directory, "go");
        var before = TimeProvider.System.GetUtcNow().ToUnixTimeMilliseconds();
        supervisor.Run(0, $"echo a; until [ -e '{go}' ]; do sleep 0.02; done; echo b");
        await supervisor.Until(status => status.LogLength == 2);
        var between = TimeProvider.System.GetUtcNow().ToUnixTimeMilliseconds();
        await File.WriteAllTextAsync(go, "", TestContext.Current.CancellationToken);
        await supervisor.UntilJournal<ProcessExited>();

        var index = await File.ReadAllBytesAsync(Path.Combine(supervisor.Directory, JobFiles.Spool, SpoolFiles.IndexName(0)), TestContext.Current.CancellationToken);
        var entries = index.Chunk(SpoolFiles.IndexEntrySize).Select(entry => SpoolFiles.ReadIndexEntry(entry)).ToList();
        Assert.Equal([0L, 2L], entries.Select(entry => entry.Offset));
        Assert.InRange(entries[0].TimestampMs, before, between);
        Assert.True(entries[1].TimestampMs >= between);
    }

    [Fact]
    public async Task Spool_DiskFull_LosesNothing()
    {
        Assert.SkipUnless(Environment.UserName == "root", "Mounting a small file system takes root.");
        var directory = Directory.CreateTempSubdirectory("prts-full-").FullName;
        Run("mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", directory);
        try
        {
            using var supervisor = await SupervisorProcess.Start(directory, "--segment-size=500000");
            var ballast = Path.Combine(directory, "ballast");
            await File.WriteAllBytesAsync(ballast, new byte[2_000_000], TestContext.Current.CancellationToken);
            supervisor.Run(0, "for i in $(seq 1 600000); do echo $i; done");
            await supervisor.Until(status => status.Spool == SpoolState.DiskFull);
            Assert.Empty(supervisor.Journal.OfType<ProcessExited>());

            File.Delete(ballast);
            var acknowledged = 0L;
            var log = new MemoryStream();
            while (!supervisor.Journal.OfType<ProcessExited>().Any())
            {
                await supervisor.Until(_ => true);
                acknowledged = Take(supervisor, acknowledged, log);
                supervisor.Send(Frames.Acknowledge(acknowledged));
            }
            Take(supervisor, acknowledged, log);

            Assert.Equal(Enumerable.Range(1, 600_000).Sum(i => (long)i.ToString(System.Globalization.CultureInfo.InvariantCulture).Length + 1), log.Length);
            Assert.Equal(string.Concat(Enumerable.Range(1, 600_000).Select(i => $"{i}\n")), System.Text.Encoding.ASCII.GetString(log.ToArray()));
        }
        finally
        {
            Run("umount", "--lazy", directory);
            Directory.Delete(directory);
        }
    }

    /// <summary>Reads on from an offset, in segments that nothing acknowledged has released.</summary>
    private static long Take(SupervisorProcess supervisor, long from, MemoryStream log)
    {
        var bytes = supervisor.Log(from);
        log.Write(bytes);
        return from + bytes.Length;
    }

    private static void Run(params string[] command)
    {
        using var process = Process.Start(command[0], command[1..]);
        process.WaitForExit();
        Assert.Equal(0, process.ExitCode);
    }
}
