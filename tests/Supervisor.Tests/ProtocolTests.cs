using System.Text;
using PRTS.Supervisor.Protocol;

namespace PRTS.Supervisor.Tests;

public sealed class ProtocolTests
{
    [Fact]
    public void Run_ThereAndBack_IsTheSame()
    {
        var step = new RunStep(3, ["/bin/sh", "-c", "echo ä"], ["A=1", "B=\n"], "/w", 70000, 70001, -1, 10_000);
        var read = Frames.Read(new MemoryStream(Frames.Run(step)))!.Value;

        Assert.Equal(FrameKind.Run, read.Kind);
        Assert.Equivalent(step, Frames.ReadRun(read.Payload), strict: true);
    }

    [Fact]
    public void Read_NoFrame_IsRefused() =>
        Assert.Throws<InvalidDataException>(() => Frames.Read(new MemoryStream([0, 0, 0, 0, 1])));

    [Fact]
    public void Journal_CutLine_CountsForNothing()
    {
        JournalRecord[] records =
        [
            new ProcessStarted(0, 12, 34, 0, 1), new ProcessExited(0, 0, 9, EndCause.TimedOut, 0, 77, 2), new ProcessRefused(1, 2, 77, 3), new SupervisorStopped(4),
        ];
        var text = string.Concat(records.Select(record => record.ToLine()));

        Assert.Equal(records, JournalRecord.ParseAll(Encoding.ASCII.GetBytes(text + "exited\t2\t0")));
    }
}
