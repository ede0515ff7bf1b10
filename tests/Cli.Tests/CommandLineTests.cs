namespace PRTS.Cli.Tests;

public sealed class CommandLineTests
{
    [Theory]
    [InlineData("nonsense")]
    [InlineData("build")]
    [InlineData("build", "watch")]
    [InlineData("build", "watch", "demo/hello")]
    [InlineData("build", "show", "demo/hello#0")]
    [InlineData("build", "start", "demo")]
    [InlineData("up", "--port", "many")]
    [InlineData("up", "--port", "70000")]
    [InlineData("up", "--listen", "everywhere")]
    [InlineData("completion", "tcsh")]
    public async Task InvalidUse_Any_Exits2WithHelpOnStandardError(params string[] arguments)
    {
        await using var prts = new Prts();
        var answer = await prts.RunAsync(arguments);
        Assert.Equal(2, answer.ExitCode);
        Assert.Equal("", answer.Output);
        Assert.NotEqual("", answer.Error);
        Assert.DoesNotContain("   at PRTS", answer.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Help_OfAnyNoun_IsOnStandardOutput()
    {
        await using var prts = new Prts();
        var answer = await prts.RunAsync("build", "--help");
        Assert.Equal(0, answer.ExitCode);
        Assert.Contains("watch <build>", answer.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ApiCommand_NoServerKnown_SaysHowToGetOne()
    {
        await using var prts = new Prts();
        var answer = await prts.RunAsync("build", "list");
        Assert.Equal(1, answer.ExitCode);
        Assert.Contains("PRTS_URL and PRTS_TOKEN", answer.Error, StringComparison.Ordinal);
        Assert.Single(answer.Error.TrimEnd().Split('\n'));
    }

    [Fact]
    public async Task ApiCommand_ServerDoesNotAnswer_SaysWhich()
    {
        await using var prts = new Prts();
        prts["PRTS_URL"] = $"http://127.0.0.1:{prts.Port}";
        prts["PRTS_TOKEN"] = "prts_x";
        var answer = await prts.RunAsync("project", "list");
        Assert.Equal(1, answer.ExitCode);
        Assert.StartsWith($"prts: http://127.0.0.1:{prts.Port}/ does not answer", answer.Error, StringComparison.Ordinal);
        Assert.Single(answer.Error.TrimEnd().Split('\n'));
    }

    [Theory]
    [InlineData("prts bui", "build")]
    [InlineData("prts build wa", "watch")]
    [InlineData("prts completion ", "zsh")]
    public async Task Completion_OfALine_ListsWhatFits(string line, string expected)
    {
        await using var prts = new Prts();
        var answer = await prts.RunAsync($"[suggest:{line.Length}]", line);
        Assert.Contains(expected, answer.Output.Split('\n', StringSplitOptions.TrimEntries));
    }

    [Theory]
    [InlineData("bash", "complete -o default -F _prts prts")]
    [InlineData("zsh", "compdef _prts prts")]
    [InlineData("fish", "complete -c prts")]
    public async Task Completion_OfAShell_PrintsItsScript(string shell, string expected)
    {
        await using var prts = new Prts();
        Assert.Contains(expected, (await prts.RunAsync("completion", shell)).Output, StringComparison.Ordinal);
    }
}
