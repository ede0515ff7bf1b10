using Npgsql;
using Xunit;

namespace PRTS.EndToEnd.Tests;

/// <summary>What only shows when a cluster has run for a while.</summary>
[Collection("One installation")]
public sealed class ClusterTests(PrtsFixture fixture)
{
    /// <summary>
    /// Orleans passes over members without a recent sign of life: a server that starts later would not ask an agent who it is.
    /// Each silo gives one every 30 s, agents through the control plane.
    /// </summary>
    [Fact]
    public async Task Members_Running_GiveSignsOfLife()
    {
        var server = (await fixture.Prts.Processes())["server"];
        var environment = await File.ReadAllTextAsync($"/proc/{server}/environ", TestContext.Current.CancellationToken);
        const string Variable = "PRTS_DATABASE=";
        var connection = environment.Split('\0').Single(variable => variable.StartsWith(Variable, StringComparison.Ordinal))[Variable.Length..];
        await using var database = NpgsqlDataSource.Create(connection);
        await using var command = database.CreateCommand(
            "select siloname from orleansmembershiptable where status = 3 and iamalivetime > starttime + interval '25 seconds' order by siloname");
        var patience = TimeProvider.System.GetTimestamp();
        var alive = new List<string>();
        while (alive.Count < 2 && TimeProvider.System.GetElapsedTime(patience) < TimeSpan.FromMinutes(2))
        {
            await Task.Delay(TimeSpan.FromSeconds(1), TestContext.Current.CancellationToken);
            alive.Clear();
            await using var rows = await command.ExecuteReaderAsync(TestContext.Current.CancellationToken);
            while (await rows.ReadAsync(TestContext.Current.CancellationToken))
                alive.Add(rows.GetString(0));
        }

        Assert.Collection(alive, first => Assert.StartsWith("agent", first, StringComparison.Ordinal), second => Assert.StartsWith("server", second, StringComparison.Ordinal));
    }

    /// <summary>Jobs run as other users of the same machine.</summary>
    [Theory]
    [InlineData("git")]
    [InlineData("blobs")]
    [InlineData("logs")]
    [InlineData("postgres")]
    [InlineData("run/postgres")]
    public void DataDirectory_Part_IsClosedToOtherUsers(string part)
    {
        Assert.True(OperatingSystem.IsLinux());
        if (OperatingSystem.IsLinux())
            Assert.Equal((UnixFileMode)0b111_000_000, File.GetUnixFileMode(Path.Combine(fixture.Prts.Home, part)));
    }
}
