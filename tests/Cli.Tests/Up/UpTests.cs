using System.Text.Json;
using PRTS.Cli.Processes;

namespace PRTS.Cli.Tests.Up;

/// <summary>The whole of PRTS on this machine: the real server, agent and PostgreSQL.</summary>
public sealed class UpTests : IAsyncDisposable
{
    private readonly Prts prts = new();

    public ValueTask DisposeAsync() => prts.DisposeAsync();

    [Fact]
    public async Task Up_Detached_RunsUntilDown()
    {
        var up = await UpAsync();
        Assert.Contains($"http://127.0.0.1:{prts.Port}", up.Output, StringComparison.Ordinal);
        Assert.Contains("password", up.Output, StringComparison.Ordinal);
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(Path.Combine(prts.Home, "admin.json")));

        var status = await StatusAsync();
        Assert.Equal(["postgres", "server", "agent"], status.Select(entry => entry.Role));
        Assert.All(status, entry => Assert.Equal("running", entry.State));

        var again = await prts.RunAsync("up", "--detach");
        Assert.Equal(0, again.ExitCode);
        Assert.Contains("already running", again.Output, StringComparison.Ordinal);

        var agents = JsonDocument.Parse((await prts.RunAsync("agent", "list", "--json")).Output).RootElement;
        Assert.Equal("local", agents[0].GetProperty("name").GetString());
        Assert.Equal(0, (await prts.RunAsync("project", "show", "demo/hello", "--json")).ExitCode);

        Assert.Equal(0, (await prts.RunAsync("down")).ExitCode);
        Assert.All(status, entry => Assert.Null(ProcessMark.Of(entry.Pid!.Value)));
        Assert.All(await StatusAsync(), entry => Assert.Equal(("stopped", (int?)null), (entry.State, entry.Pid)));
        Assert.Contains("not running", (await prts.RunAsync("down")).Output, StringComparison.Ordinal);

        // The second start finds everything as it was.
        var second = await UpAsync();
        Assert.Equal(PasswordIn(up), PasswordIn(second));
    }

    [Theory]
    [InlineData("postgres")]
    [InlineData("server")]
    [InlineData("agent")]
    public async Task Child_Killed_IsStartedAgain(string role)
    {
        await UpAsync();
        var before = (await StatusAsync()).Single(entry => entry.Role == role);
        ProcessMark.Of(before.Pid!.Value)!.Signal(Unix.SigKill);
        await UntilAsync(status => status.All(entry => entry.State == "running") && status.Single(entry => entry.Role == role).Pid != before.Pid);
        await UntilAgentAsync("online");
        Assert.Contains($"{role} ended (signal 9)", await File.ReadAllTextAsync(Path.Combine(prts.Home, "logs/launcher.log"), TestContext.Current.CancellationToken), StringComparison.Ordinal);
        Assert.Equal(0, (await prts.RunAsync("build", "list")).ExitCode);
    }

    [Fact]
    public async Task Launcher_Killed_DownStopsWhatItLeft()
    {
        await UpAsync();
        var status = await StatusAsync();
        KillLauncher();
        Assert.All(status, entry => Assert.NotNull(ProcessMark.Of(entry.Pid!.Value)));
        Assert.Equal(0, (await prts.RunAsync("down")).ExitCode);
        Assert.All(status, entry => Assert.Null(ProcessMark.Of(entry.Pid!.Value)));
    }

    [Fact]
    public async Task Launcher_Killed_UpStartsAfresh()
    {
        await UpAsync();
        var status = await StatusAsync();
        KillLauncher();
        Assert.Contains("an earlier start was killed", (await UpAsync()).Output, StringComparison.Ordinal);
        Assert.All(status, entry => Assert.Null(ProcessMark.Of(entry.Pid!.Value)));
        Assert.All(await StatusAsync(), entry => Assert.Equal("running", entry.State));
    }

    [Fact]
    public async Task Up_InTheForeground_StopsAllOnInterrupt()
    {
        using var up = prts.Start("up");
        while (await up.StandardOutput.ReadLineAsync(TestContext.Current.CancellationToken) is { } line && !line.Contains("stop PRTS", StringComparison.Ordinal))
        {
        }

        var status = await StatusAsync();
        Unix.Signal(up.Id, Unix.SigInt);
        await up.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.Equal(0, up.ExitCode);
        Assert.All(status, entry => Assert.Null(ProcessMark.Of(entry.Pid!.Value)));
    }

    [Fact]
    public async Task Up_DatabaseThatDoesNotAnswer_SaysWhyAndLeavesNothing()
    {
        prts["PRTS_DATABASE"] = $"Host=127.0.0.1;Port={prts.Port};Username=nobody;Database=none;Timeout=2";
        var answer = await prts.RunAsync("up", "--detach");
        Assert.Equal(1, answer.ExitCode);
        Assert.Contains("server does not start", answer.Error, StringComparison.Ordinal);
        Assert.All(await StatusAsync(), entry => Assert.Equal("stopped", entry.State));
    }

    private void KillLauncher() => new PidFile(Path.Combine(prts.Home, "run/launcher.pid")).Read()!.Signal(Unix.SigKill);

    private async Task<Answer> UpAsync()
    {
        var answer = await prts.RunAsync("up", "--detach");
        Assert.True(answer.ExitCode == 0, answer.Output + answer.Error);
        return answer;
    }

    private async Task<IReadOnlyList<Entry>> StatusAsync()
    {
        var answer = await prts.RunAsync("status", "--json");
        Assert.Equal((0, ""), (answer.ExitCode, answer.Error));
        return JsonSerializer.Deserialize<Entry[]>(answer.Output, JsonSerializerOptions.Web)!;
    }

    private async Task UntilAsync(Func<IReadOnlyList<Entry>, bool> condition)
    {
        while (!condition(await StatusAsync()))
        {
            await Task.Delay(50, TestContext.Current.CancellationToken);
        }
    }

    private async Task UntilAgentAsync(string status)
    {
        while (!(await prts.RunAsync("agent", "list", "--json")).Output.Contains($"\"status\": \"{status}\"", StringComparison.Ordinal))
        {
            await Task.Delay(50, TestContext.Current.CancellationToken);
        }
    }

    private static string PasswordIn(Answer up) => up.Output.Split('\n').Single(line => line.TrimStart().StartsWith("password", StringComparison.Ordinal));

    private sealed record Entry(string Name, string Role, int? Pid, string State);
}
