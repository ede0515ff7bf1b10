using PRTS.Cli.Processes;

namespace PRTS.Cli.Tests.Up;

public sealed class ProcessMarkTests
{
    [Fact]
    public void IsAlive_ThisProcess_IsAndSurvivesWriting()
    {
        var mark = ProcessMark.Of(Environment.ProcessId)!;
        Assert.True(mark.IsAlive);
        Assert.Equal(mark, ProcessMark.Parse(mark.ToString()));
    }

    [Fact]
    public void IsAlive_SameNumberOtherStart_IsNot()
    {
        var mark = ProcessMark.Of(Environment.ProcessId)!;
        Assert.False((mark with { StartTicks = mark.StartTicks + 1 }).IsAlive);
        Assert.False((mark with { Boot = "another" }).IsAlive);
        Assert.False((mark with { StartTicks = 1 }).Signal(Unix.SigKill));
    }

    [Theory]
    [InlineData("")]
    [InlineData("12")]
    [InlineData("x 1 boot")]
    public void Parse_Damaged_IsNull(string text) => Assert.Null(ProcessMark.Parse(text));

    [Fact]
    public async Task StopAsync_ProgramThatIgnoresTheSignal_IsKilled()
    {
        using var process = System.Diagnostics.Process.Start(new System.Diagnostics.ProcessStartInfo(
            "/bin/sh", ["-c", "trap '' TERM; echo ready; while :; do sleep 0.05; done"])
        { RedirectStandardOutput = true, UseShellExecute = false })!;
        Assert.Equal("ready", await process.StandardOutput.ReadLineAsync(TestContext.Current.CancellationToken));
        var mark = ProcessMark.Of(process.Id)!;
        Assert.False(await mark.StopAsync(Unix.SigTerm, TimeSpan.FromMilliseconds(300)));
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.False(mark.IsAlive);
    }
}
