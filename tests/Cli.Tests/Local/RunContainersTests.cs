using System.Diagnostics;
using Docker.DotNet.Models;
using PRTS.Tests;

namespace PRTS.Cli.Tests.Local;

/// <summary><c>prts run</c> with containers, on a real engine: one that is killed leaves nothing for long, and one that lives keeps what it has.</summary>
public sealed class RunContainersTests(EngineFixture engine) : IClassFixture<EngineFixture>, IDisposable
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private readonly DirectoryInfo temporary = Directory.CreateTempSubdirectory("prts-cli-tmp-");

    public void Dispose() => temporary.Delete(recursive: true);

    [Fact]
    public async Task Killed_TheNextRunRemovesWhatItLeftAndNothingThatLives()
    {
        // The jobs' users pass through.
        temporary.UnixFileMode |= UnixFileMode.GroupExecute | UnixFileMode.OtherExecute;
        await using var dead = Tree();
        await using var alive = Tree();
        using var killed = await Begin(dead);
        var left = Assert.Single(await Containers()).ID;
        using var supervisor = Process.GetProcessById(int.Parse((await File.ReadAllTextAsync(
            Assert.Single(Directory.GetFiles(temporary.FullName, "supervisor.pid", SearchOption.AllDirectories)), Token)).Split(' ')[0], System.Globalization.CultureInfo.InvariantCulture));
        killed.Kill();
        await killed.WaitForExitAsync(Token);
        Assert.False(supervisor.HasExited);

        using var living = await Begin(alive);
        while ((await Containers()).Any(container => container.ID == left))
            await Task.Delay(100, Token);
        while ((await Networks()).Count > 1)
            await Task.Delay(100, Token);
        await using var third = Tree();
        await File.WriteAllTextAsync(Path.Combine(third.Scratch, ".prts", "pipeline.yaml"), Pipeline("true"), Token);
        Assert.Equal(0, (await third.RunAsync("run")).ExitCode);

        await supervisor.WaitForExitAsync(Token);
        Assert.Single(temporary.GetDirectories("prts-run-*"));
        Assert.Single(await Containers());
        Assert.Single(await Networks());
        using (var interrupt = Process.Start("kill", ["-INT", living.Id.ToString(System.Globalization.CultureInfo.InvariantCulture)]))
            await interrupt.WaitForExitAsync(Token);
        await living.WaitForExitAsync(Token);
        Assert.Empty(await Containers());
        Assert.Empty(await Networks());
    }

    private Prts Tree()
    {
        var prts = new Prts { ["PRTS_CONTAINERS"] = $"unix://{engine.Socket}", ["TMPDIR"] = temporary.FullName };
        Git("init", "-q", "-b", "main");
        Git("-c", "user.name=Test", "-c", "user.email=test@example.com", "commit", "-q", "--allow-empty", "-m", "First");
        Directory.CreateDirectory(Path.Combine(prts.Scratch, ".prts"));
        File.WriteAllText(Path.Combine(prts.Scratch, ".prts", "pipeline.yaml"), Pipeline("echo up; sleep 1000"));
        return prts;

        void Git(params string[] arguments)
        {
            using var git = Process.Start(new ProcessStartInfo("git", arguments) { WorkingDirectory = prts.Scratch })!;
            git.WaitForExit();
        }
    }

    private static string Pipeline(string command) => $$"""
        stages:
          - name: Main
            jobs:
              - name: Job
                image: {{EngineFixture.Small}}
                steps: [{run: '{{command}}'}]
        """;

    private static async Task<Process> Begin(Prts prts)
    {
        var run = prts.Start("run");
        if (await run.StandardOutput.ReadLineAsync(Token) != "up")
        {
            Assert.Fail(await run.StandardError.ReadToEndAsync(Token));
        }

        return run;
    }

    private async Task<IList<ContainerListResponse>> Containers() => await engine.Client.Containers.ListContainersAsync(new ContainersListParameters { All = true }, Token);

    private async Task<IReadOnlyList<NetworkResponse>> Networks() =>
        [.. (await engine.Client.Networks.ListNetworksAsync(cancellationToken: Token)).Where(network => network.Name.StartsWith("prts-", StringComparison.Ordinal))];
}
