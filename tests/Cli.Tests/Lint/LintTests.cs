using System.Text.Json;

namespace PRTS.Cli.Tests.Lint;

public sealed class LintTests
{
    private const string Wrong = "stages:\n  - name: Build\n    jobz: []\n";

    [Fact]
    public async Task Lint_OfThisDirectory_TellsAllWithPlaces()
    {
        await using var prts = new Prts();
        Write(prts, ".prts/pipeline.yaml", Wrong);
        Write(prts, ".prts/other.yaml", "stages: 7\n");
        var answer = await prts.RunAsync("lint");
        Assert.Equal(2, answer.ExitCode);
        Assert.Contains(".prts/pipeline.yaml:3:", answer.Error, StringComparison.Ordinal);
        Assert.Contains(".prts/other.yaml:1:", answer.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Lint_AsJson_IsAListOfDiagnostics()
    {
        await using var prts = new Prts();
        Write(prts, "a.yaml", Wrong);
        var answer = await prts.RunAsync("lint", "a.yaml", "--json");
        Assert.Equal(2, answer.ExitCode);
        var errors = JsonDocument.Parse(answer.Output).RootElement.EnumerateArray().ToList();
        Assert.All(errors, error => Assert.Equal("a.yaml", error.GetProperty("file").GetString()));
        Assert.Contains(errors, error => error.GetProperty("line").GetInt32() == 3);
    }

    [Fact]
    public async Task Lint_OfARightFile_Exits0()
    {
        await using var prts = new Prts();
        Write(prts, "a.yaml", "stages:\n  - name: Build\n    jobs:\n      - name: Greet\n        steps:\n          - run: echo hello\n");
        var answer = await prts.RunAsync("lint", "a.yaml");
        Assert.Equal((0, ""), (answer.ExitCode, answer.Error));
    }

    [Fact]
    public async Task Lint_Warnings_CountWhenStrictOnly()
    {
        await using var prts = new Prts();
        Write(prts, "a.yaml", "stages:\n  - name: Build\n    jobs:\n      - name: Greet\n        steps:\n          - run: echo ${{ build.sha }} ${{ job.state }}\n");
        var answer = await prts.RunAsync("lint", "a.yaml");
        Assert.Equal((0, "2 warnings in 1 file\n"), (answer.ExitCode, answer.Output));
        Assert.StartsWith("a.yaml:6:27: warning: `build.sha` is always null: ", answer.Error, StringComparison.Ordinal);
        Assert.Equal(2, (await prts.RunAsync("lint", "a.yaml", "--strict")).ExitCode);
        var json = await prts.RunAsync("lint", "a.yaml", "--json");
        Assert.Equal(0, json.ExitCode);
        using var document = JsonDocument.Parse(json.Output);
        Assert.Equal(["warning", "warning"], document.RootElement.EnumerateArray().Select(one => one.GetProperty("severity").GetString()));
        Write(prts, "b.yaml", Wrong);
        answer = await prts.RunAsync("lint", "a.yaml", "b.yaml");
        Assert.Equal((2, "2 errors and 2 warnings in 2 files\n"), (answer.ExitCode, answer.Output));
    }

    [Theory]
    [InlineData("lint")]
    [InlineData("lint", "missing.yaml")]
    public async Task Lint_OfNothing_Exits2(params string[] arguments)
    {
        await using var prts = new Prts();
        var answer = await prts.RunAsync(arguments);
        Assert.Equal(2, answer.ExitCode);
        Assert.Single(answer.Error.TrimEnd().Split('\n'));
    }

    private static void Write(Prts prts, string path, string text)
    {
        var full = Path.Combine(prts.Scratch, path);
        Directory.CreateDirectory(Path.GetDirectoryName(full)!);
        File.WriteAllText(full, text);
    }
}
