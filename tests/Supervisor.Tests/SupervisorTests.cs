using System.Diagnostics;
using System.Globalization;
using PRTS.Supervisor.Protocol;

namespace PRTS.Supervisor.Tests;

public sealed class SupervisorTests
{
    [Fact]
    public async Task Run_ExitCode_IsJournaledWithItsPartOfTheLog()
    {
        using var supervisor = await SupervisorProcess.Start();
        supervisor.Run(0, "echo out; echo err >&2; exit 5");
        var exited = await supervisor.UntilJournal<ProcessExited>();

        Assert.Equal((0, 5, 0, EndCause.None, 8L), (exited.Index, exited.Code, exited.Signal, exited.Cause, exited.LogOffset));
        Assert.Equal("out\nerr\n", supervisor.Text());
    }

    [Fact]
    public async Task Run_SameOrEarlierIndex_RunsNothingTwice()
    {
        using var supervisor = await SupervisorProcess.Start();
        supervisor.Run(1, "echo once");
        await supervisor.UntilJournal<ProcessExited>();
        supervisor.Run(1, "echo again");
        supervisor.Run(0, "echo earlier");
        supervisor.Run(2, "echo next");
        await supervisor.UntilJournal<ProcessExited>(exited => exited.Index == 2);

        Assert.Equal("once\nnext\n", supervisor.Text());
    }

    [Fact]
    public async Task Run_NextAsSoonAsAnEndIsJournaled_RunsEachOne()
    {
        using var supervisor = await SupervisorProcess.Start();
        for (var index = 0; index < 300; index++)
        {
            supervisor.Run(index, "", program: "/bin/true");
            await supervisor.UntilJournal<ProcessExited>(exited => exited.Index == index);
        }
    }

    [Fact]
    public async Task Run_StepsOfAGroup_RunAtTheSameTimeAndWriteWholeLines()
    {
        using var supervisor = await SupervisorProcess.Start();
        for (var index = 0; index < 4; index++)
            supervisor.Run(index, $"touch {index}; until [ -e {3 - index} ]; do sleep 0.01; done; for i in $(seq 500); do printf half; printf 'line\\n'; done; printf end; exit {index}", group: 7, label: $"s{index}");
        supervisor.Run(4, "echo alone");
        for (var index = 0; index < 4; index++)
            Assert.Equal(index, (await supervisor.UntilJournal<ProcessExited>(exited => exited.Index == index)).Code);

        Assert.DoesNotContain(supervisor.Journal.OfType<ProcessStarted>(), started => started.Index == 4);
        var lines = supervisor.Text().Split('\n', StringSplitOptions.RemoveEmptyEntries);
        foreach (var group in lines.GroupBy(line => line))
            Assert.Equal(group.Key.EndsWith("end", StringComparison.Ordinal) ? 1 : 500, group.Count());
        Assert.Equal(8, lines.Distinct().Count());
    }

    private static string Leaves(string mark) => $"setsid sh -c 'echo $$; touch up{mark}; exec sleep 1000 >/dev/null 2>&1' & until [ -e up{mark} ]; do sleep 0.01; done";

    [Fact]
    public async Task Run_AfterAGroup_WhatTheGroupLeftIsKilled()
    {
        using var supervisor = await SupervisorProcess.Start();
        supervisor.Run(0, Leaves("0"), group: 0, label: "a");
        supervisor.Run(1, Leaves("1"), group: 0, label: "b");
        await supervisor.UntilJournal<ProcessExited>(exited => exited.Index == 0);
        await supervisor.UntilJournal<ProcessExited>(exited => exited.Index == 1);
        var pids = supervisor.Text().Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => line[4..]).ToList();
        Assert.All(pids, pid => Assert.True(Directory.Exists($"/proc/{pid}")));
        supervisor.Run(2, "echo alone");
        await supervisor.UntilJournal<ProcessExited>(exited => exited.Index == 2);

        Assert.Equal(2, pids.Count);
        Assert.All(pids, pid => Assert.False(Directory.Exists($"/proc/{pid}")));
    }

    [Fact]
    public async Task Cancel_OneOfAGroup_SparesTheOthers()
    {
        using var supervisor = await SupervisorProcess.Start();
        supervisor.Run(0, "echo up; sleep 1000", group: 0, label: "a");
        supervisor.Run(1, "echo up; until [ -e go ]; do sleep 0.01; done; echo went", group: 0, label: "b");
        await supervisor.UntilLog("[a] up");
        await supervisor.UntilLog("[b] up");
        supervisor.Send(Frames.Cancel(0));
        Assert.Equal(EndCause.Canceled, (await supervisor.UntilJournal<ProcessExited>(exited => exited.Index == 0)).Cause);
        await File.WriteAllTextAsync(Path.Combine(supervisor.Directory, "go"), "", TestContext.Current.CancellationToken);

        Assert.Equal((0, EndCause.None), (await supervisor.UntilJournal<ProcessExited>(exited => exited.Index == 1)) is var other ? (other.Code, other.Cause) : default);
        Assert.Contains("[b] went", supervisor.Text(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Run_NoSuchProgram_IsRefusedWithErrno()
    {
        using var supervisor = await SupervisorProcess.Start();
        supervisor.Run(0, "", program: "/no/such/program");

        Assert.Equal(2, (await supervisor.UntilJournal<ProcessRefused>()).Error);
    }

    [Fact]
    public async Task Run_BackgroundChildHoldsThePipe_IsKilledAndNotWaitedFor()
    {
        using var supervisor = await SupervisorProcess.Start();
        supervisor.Run(0, "sleep 1000 & echo $!; echo done");
        await supervisor.UntilJournal<ProcessExited>();

        Assert.EndsWith("done\n", supervisor.Text(), StringComparison.Ordinal);
        Assert.Null(ProcessIdentity.Of(int.Parse(supervisor.Text().Split('\n')[0], CultureInfo.InvariantCulture)));
    }

    [Fact]
    public async Task Run_DaemonLeftTheSession_IsKilledAtTheEnd()
    {
        using var supervisor = await SupervisorProcess.Start();
        supervisor.Run(0, "(setsid bash -c '(setsid sh -c \"trap : TERM HUP; echo \\$\\$ > daemon; sleep 1000\" < /dev/null > /dev/null 2>&1 &)' &); while [ ! -s daemon ]; do sleep 0.01; done");
        var exited = await supervisor.UntilJournal<ProcessExited>();

        Assert.Equal(0, exited.Leftovers);
        var daemon = int.Parse(await File.ReadAllTextAsync(Path.Combine(supervisor.Directory, "daemon"), TestContext.Current.CancellationToken), CultureInfo.InvariantCulture);
        Assert.Null(ProcessIdentity.Of(daemon));
    }

    [Fact]
    public async Task Run_TimeOutAndStubbornChildren_AllDieAfterTheGrace()
    {
        using var supervisor = await SupervisorProcess.Start();
        supervisor.Run(0, "trap '' TERM; (trap '' TERM; sleep 1000) & echo $!; sleep 1000", timeoutMs: 200, graceMs: 200);
        var exited = await supervisor.UntilJournal<ProcessExited>();

        Assert.Equal((9, EndCause.TimedOut), (exited.Signal, exited.Cause));
        Assert.Null(ProcessIdentity.Of(int.Parse(supervisor.Text(), CultureInfo.InvariantCulture)));
    }

    [Fact]
    public async Task Cancel_StoppedProcess_StillGetsSigterm()
    {
        using var supervisor = await SupervisorProcess.Start();
        supervisor.Run(0, "trap 'exit 9' TERM; echo ready; while true; do kill -STOP $$; done", graceMs: 20_000);
        await supervisor.UntilLog("ready");
        supervisor.Send(Frames.Cancel(0));
        var exited = await supervisor.UntilJournal<ProcessExited>();

        Assert.Equal((9, EndCause.Canceled), (exited.Code, exited.Cause));
    }

    [Fact]
    public async Task Terminate_RunningStep_EndsItAndLeavesTheJournal()
    {
        using var supervisor = await SupervisorProcess.Start();
        supervisor.Run(0, "trap 'echo bye; exit 3' TERM; echo ready; while true; do sleep 0.05; done");
        await supervisor.UntilLog("ready");
        SupervisorProcess.Signal("-TERM", supervisor.Process.Id);
        await supervisor.Process.WaitForExitAsync(TestContext.Current.CancellationToken);

        Assert.Equal([typeof(ProcessStarted), typeof(ProcessExited), typeof(SupervisorStopped)], supervisor.Journal.Select(record => record.GetType()));
        Assert.Equal((3, EndCause.Stopped), (supervisor.Journal.OfType<ProcessExited>().Single().Code, supervisor.Journal.OfType<ProcessExited>().Single().Cause));
        Assert.EndsWith("bye\n", supervisor.Text(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Exit_RunningStep_IsKilledAtOnce()
    {
        using var supervisor = await SupervisorProcess.Start();
        supervisor.Run(0, "trap '' TERM; echo ready; while true; do sleep 0.05; done", graceMs: 1_000_000);
        await supervisor.UntilLog("ready");
        supervisor.Send(Frames.Exit());

        await supervisor.Process.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.Equal(0, supervisor.Process.ExitCode);
    }

    [Fact]
    public async Task Start_JournalExists_Refuses()
    {
        using var first = await SupervisorProcess.Start();
        var start = new ProcessStartInfo(SupervisorProcess.ProgramPath) { WorkingDirectory = first.Directory, RedirectStandardError = true, RedirectStandardOutput = true, UseShellExecute = false };
        using var second = Process.Start(start)!;
        await second.WaitForExitAsync(TestContext.Current.CancellationToken);

        Assert.Equal(JobFiles.AlreadySupervised, second.ExitCode);
    }

    [Fact]
    public async Task Connect_SecondAgent_ReplacesTheFirstAndSeesEverything()
    {
        using var supervisor = await SupervisorProcess.Start();
        supervisor.Run(0, "echo one; while [ ! -e go ]; do sleep 0.01; done; echo two");
        await supervisor.UntilLog("one");
        supervisor.Connect();
        await File.WriteAllTextAsync(Path.Combine(supervisor.Directory, "go"), "", TestContext.Current.CancellationToken);
        await supervisor.UntilJournal<ProcessExited>();

        Assert.Equal("one\ntwo\n", supervisor.Text());
    }

    [Fact]
    public async Task Connect_Garbage_DoesNotHarmTheStep()
    {
        using var supervisor = await SupervisorProcess.Start();
        supervisor.Run(0, "echo one; while [ ! -e go ]; do sleep 0.01; done; echo two");
        await supervisor.UntilLog("one");
        supervisor.Send([0xff, 0xff, 0xff, 0x7f, 0x01, 0x02]);
        supervisor.Connect();
        await File.WriteAllTextAsync(Path.Combine(supervisor.Directory, "go"), "", TestContext.Current.CancellationToken);
        await supervisor.UntilJournal<ProcessExited>();

        Assert.Equal("one\ntwo\n", supervisor.Text());
    }
}
