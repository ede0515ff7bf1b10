using System.Text;
using PRTS.Supervisor.Protocol;

namespace PRTS.Supervisor.Tests.Masking;

/// <summary>A real supervisor, which is told secrets and runs steps that print them.</summary>
public sealed class MaskedStepTests
{
    private const string Secret = "pa$$ 'wörd'/\"<€😀>\"+&\\ 7";
    private static CancellationToken Test => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Run_AllFormsInSmallWrites_NeitherLogNorDiskHasThem()
    {
        using var supervisor = await SupervisorProcess.Start();
        var forms = Encoders.Whole(Secret).Concat(Encoders.Base64(Secret).Select(form => (form.Name, form.Text))).DistinctBy(form => form.Item2).ToList();
        var printed = Path.Combine(Path.GetTempPath(), Path.GetRandomFileName());
        await File.WriteAllTextAsync(printed, string.Concat(forms.Select(form => $"<{form.Item2}>\n")), Test);
        try
        {
            supervisor.Send(Frames.Mask(["other secret", Secret]));
            foreach (var size in (int[])[5, 64, 4096])
            {
                supervisor.Run(size, $"echo; dd if={printed} bs={size} status=none; printf %s 'end: other sec'");
                await supervisor.UntilJournal<ProcessExited>(exited => exited.Index == size);
            }
        }
        finally
        {
            File.Delete(printed);
        }

        var lines = supervisor.Text().Split('\n');
        Assert.Equal(3 * forms.Count, lines.Count(line => line.StartsWith('<')));
        Assert.All(lines.Where(line => line.StartsWith('<')), line => Assert.Matches(@"\A<.{0,2}\*\*\*.{0,6}>\z", line));
        foreach (var file in Directory.EnumerateFiles(supervisor.Directory, "*", SearchOption.AllDirectories).Where(file => !file.EndsWith(JobFiles.ControlSocket, StringComparison.Ordinal)))
        {
            var bytes = Encoding.Latin1.GetString(await File.ReadAllBytesAsync(file, Test));
            Assert.All(forms, form => Assert.DoesNotContain(Encoding.Latin1.GetString(Encoding.UTF8.GetBytes(form.Item2)), bytes, StringComparison.Ordinal));
        }
        foreach (var what in (string[])["cmdline", "environ"])
            Assert.DoesNotContain("other secret", await File.ReadAllTextAsync($"/proc/{supervisor.Process.Id}/{what}", Test), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Run_StepsOfAGroup_EachIsMaskedBeforeItsLinesAreMixed()
    {
        using var supervisor = await SupervisorProcess.Start();
        supervisor.Send(Frames.Mask(["hunter22"]));
        for (var index = 0; index < 2; index++)
            supervisor.Run(index, $"touch {index}; until [ -e {1 - index} ]; do sleep 0.01; done; for i in $(seq 300); do printf hun; printf 'ter22\\n'; done", group: 1, label: $"hunter22-{index}");
        for (var index = 0; index < 2; index++)
            await supervisor.UntilJournal<ProcessExited>(exited => exited.Index == index);

        var lines = supervisor.Text().Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(600, lines.Length);
        // Between two writes there may be a pause, after which up to three bytes are shown.
        Assert.All(lines, line => Assert.Matches(@"\A\[\*\*\*-[01]\] (h|hu|hun)?\*\*\*\z", line));
    }

    [Fact]
    public async Task Mask_LaterAndByAnotherAgent_HoldsForTheWholeJob()
    {
        using var supervisor = await SupervisorProcess.Start();
        supervisor.Send(Frames.Mask(["hunter22"]));
        supervisor.Run(0, "trap 'echo hunter22 second3; exit' TERM; echo hunter22 second3; while true; do sleep 0.01; done");
        await supervisor.UntilLog("*** second3\n");
        supervisor.Connect();
        supervisor.Send(Frames.Mask(["second3"]));
        supervisor.Send(Frames.Cancel(0)); // Taken after the secrets.
        await supervisor.UntilJournal<ProcessExited>(exited => exited.Index == 0);
        Assert.EndsWith("\n*** ***\n", supervisor.Text(), StringComparison.Ordinal);
        supervisor.Connect();
        supervisor.Run(1, "echo second3 hunter22");
        await supervisor.UntilJournal<ProcessExited>(exited => exited.Index == 1);

        Assert.EndsWith("*** ***\n", supervisor.Text(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Run_SilentAfterABeginning_IsShownAsLongAsItIsShort()
    {
        using var supervisor = await SupervisorProcess.Start();
        supervisor.Send(Frames.Mask(["hunter22"]));
        supervisor.Run(0, "printf 'continue? hu'; until [ -e go ]; do sleep 0.01; done; printf 'nter22; hunte'; until [ -e on ]; do sleep 0.01; done; echo r");
        await supervisor.UntilLog("continue? hu");
        await File.WriteAllTextAsync(Path.Combine(supervisor.Directory, "go"), "", Test);
        await supervisor.UntilLog("continue? hu***; ");
        await File.WriteAllTextAsync(Path.Combine(supervisor.Directory, "on"), "", Test);
        await supervisor.UntilJournal<ProcessExited>();

        Assert.Equal("continue? hu***; hunter\n", supervisor.Text());
    }
}
