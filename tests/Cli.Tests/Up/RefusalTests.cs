using System.Net;
using System.Net.Sockets;

namespace PRTS.Cli.Tests.Up;

/// <summary>What `up` must refuse: one clear line, and nothing half-started.</summary>
public sealed class RefusalTests : IAsyncDisposable
{
    private readonly Prts prts = new();

    public ValueTask DisposeAsync() => prts.DisposeAsync();

    [Fact]
    public async Task Up_PortInUse_SaysWhichAndSuggestsAnother()
    {
        using var other = new TcpListener(IPAddress.Loopback, prts.Port);
        other.Start();
        var line = await RefusedAsync();
        Assert.Contains($"Port {prts.Port} on 127.0.0.1 is in use", line, StringComparison.Ordinal);
        Assert.Contains("--port", line, StringComparison.Ordinal);
        Assert.False(Directory.Exists(prts.Home));
    }

    [Fact]
    public async Task Up_ClusterPortInUse_SaysWhichVariableMovesIt()
    {
        using var other = new TcpListener(IPAddress.Any, prts.Port + 2);
        other.Start();
        Assert.Contains("PRTS_GATEWAY_PORT", await RefusedAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Up_DirectoryOfSomethingElse_IsLeftAlone()
    {
        Directory.CreateDirectory(prts.Home);
        await File.WriteAllTextAsync(Path.Combine(prts.Home, "thesis.txt"), "mine", TestContext.Current.CancellationToken);
        Assert.Contains("files that are not PRTS's", await RefusedAsync(), StringComparison.Ordinal);
        Assert.Equal(["thesis.txt"], Directory.EnumerateFileSystemEntries(prts.Home).Select(Path.GetFileName));
    }

    [Fact]
    public async Task Up_DirectoryThatCannotBeWritten_SaysSo()
    {
        prts["PRTS_HOME"] = "/proc/prts";
        Assert.Contains("/proc/prts cannot be written", await RefusedAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Up_HomeIsAFile_SaysSo()
    {
        await File.WriteAllTextAsync(prts.Home, "", TestContext.Current.CancellationToken);
        Assert.Contains("is a file", await RefusedAsync(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{ "schema": 99, "id": "0123456789" }""", "newer PRTS")]
    [InlineData("{ schema", "damaged")]
    public async Task Up_MarkerThatIsNotOurs_SaysWhatToDo(string marker, string expected)
    {
        Directory.CreateDirectory(prts.Home);
        await File.WriteAllTextAsync(Path.Combine(prts.Home, "prts-data.json"), marker, TestContext.Current.CancellationToken);
        Assert.Contains(expected, await RefusedAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Up_SettingsWithAnUnknownKey_NamesTheFileAndTheKeys()
    {
        Directory.CreateDirectory(prts.Home);
        await File.WriteAllTextAsync(Path.Combine(prts.Home, "prts.json"), """{ "prot": 5080 }""", TestContext.Current.CancellationToken);
        var line = await RefusedAsync(exitCode: 2);
        Assert.Contains("prts.json", line, StringComparison.Ordinal);
        Assert.Contains("prot", line, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Up_PostgresTooOld_SaysWhichIsNeeded()
    {
        prts["PRTS_POSTGRES"] = FakePostgres("13.9");
        var line = await RefusedAsync();
        Assert.Contains("PostgreSQL 15 or later; this machine has 13", line, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Up_ClusterOfAnotherVersion_SaysWhichToInstall()
    {
        Directory.CreateDirectory(Path.Combine(prts.Home, "postgres"));
        await File.WriteAllTextAsync(Path.Combine(prts.Home, "prts-data.json"), """{ "schema": 1, "id": "0123456789abcdef" }""", TestContext.Current.CancellationToken);
        await File.WriteAllTextAsync(Path.Combine(prts.Home, "postgres/PG_VERSION"), "12\n", TestContext.Current.CancellationToken);
        var line = await RefusedAsync();
        Assert.Contains("was made by PostgreSQL 12", line, StringComparison.Ordinal);
        Assert.Contains("postgresql-12", line, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Up_PostgresDirectoryWithoutIt_SaysSo()
    {
        prts["PRTS_POSTGRES"] = "/usr/share";
        Assert.Contains("has no postgres and initdb", await RefusedAsync(), StringComparison.Ordinal);
    }

    private async Task<string> RefusedAsync(int exitCode = 1)
    {
        // Both ways of starting refuse alike.
        foreach (var arguments in new[] { new[] { "up" }, ["up", "--detach"] })
        {
            var answer = await prts.RunAsync(arguments);
            Assert.Equal(exitCode, answer.ExitCode);
            Assert.StartsWith("prts: ", answer.Error, StringComparison.Ordinal);
            Assert.Single(answer.Error.TrimEnd().Split('\n'));
        }

        Assert.False(Directory.Exists(Path.Combine(prts.Home, "run")));
        return (await prts.RunAsync("up")).Error;
    }

    private string FakePostgres(string version)
    {
        var bin = Directory.CreateDirectory(Path.Combine(prts.Scratch, "bin")).FullName;
        foreach (var name in new[] { "postgres", "initdb" })
        {
            File.WriteAllText(Path.Combine(bin, name), $"#!/bin/sh\necho '{name} (PostgreSQL) {version}'\n");
            File.SetUnixFileMode(Path.Combine(bin, name), (UnixFileMode)Convert.ToInt32("755", 8));
        }

        return bin;
    }
}
