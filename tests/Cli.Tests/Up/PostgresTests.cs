using PRTS.Cli.Postgres;
using PRTS.Cli.Processes;
using PRTS.Cli.Up;

namespace PRTS.Cli.Tests.Up;

/// <summary>The private cluster with a real PostgreSQL: made whole or not at all, kept running, stopped cleanly.</summary>
public sealed class PostgresTests : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);
    private readonly Prts prts = new();
    private readonly List<string> told = [];
    private readonly Launcher launcher;
    private readonly Home home;

    public PostgresTests()
    {
        home = new Home(prts.Home);
        launcher = new Launcher(home, line => { lock (told) told.Add(line); });
    }

    public async ValueTask DisposeAsync()
    {
        await launcher.StopAllAsync();
        launcher.Dispose();
        await prts.DisposeAsync();
    }

    [Fact]
    public async Task Cluster_Killed_IsStartedAgainWithItsData()
    {
        var cluster = await StartAsync();
        var psql = await PsqlAsync(cluster, "create table kept (n int); insert into kept values (42); select current_user");
        Assert.Equal("prts", psql);
        using var stop = new CancellationTokenSource();
        var keeping = launcher.KeepRunningAsync(stop.Token);
        var first = home.Pid("postgres").Read()!;
        first.Signal(Unix.SigKill);
        await UntilAsync(() => home.Pid("postgres").Read() is { } now && now != first && cluster.IsReady(now));
        Assert.Equal("42", await PsqlAsync(cluster, "select n from kept"));
        await stop.CancelAsync();
        await keeping;
        await launcher.StopAllAsync();
        Assert.Contains(told, line => line.StartsWith("postgres ended (signal 9)", StringComparison.Ordinal));
        Assert.Null(home.Pid("postgres").Read());
    }

    [Fact]
    public async Task Cluster_PidFileOfAStranger_StartsAllTheSame()
    {
        var cluster = await StartAsync();
        await launcher.StopAllAsync();
        // As after a reboot: the number in the file is another program's by now.
        var own = Environment.ProcessId;
        await File.WriteAllTextAsync(Path.Combine(home.In("postgres"), "postmaster.pid"), $"{own}\n{home.In("postgres")}\n", TestContext.Current.CancellationToken);
        Assert.Null(cluster.FindStray());
        using var second = new Launcher(home, _ => { });
        await second.StartAsync(cluster.Define(), (child, _) => Task.FromResult(cluster.IsReady(child.Mark!)), Patience, TestContext.Current.CancellationToken);
        await second.StopAllAsync();
    }

    [Fact]
    public async Task Cluster_RoleOfTheServer_IsNoSuperuser()
    {
        var cluster = await StartAsync();
        Assert.Equal("off", await PsqlAsync(cluster, "select current_setting('is_superuser')"));
        Assert.Equal("on", await PsqlAsync(cluster, "select current_setting('fsync')"));
        Assert.Equal("", await PsqlAsync(cluster, "select current_setting('listen_addresses')"));
    }

    [Fact]
    public async Task Cluster_CreationThatWasCut_IsDoneAgain()
    {
        DataDirectory.Prepare(home);
        Directory.CreateDirectory(home.In("postgres.new"));
        await File.WriteAllTextAsync(home.In("postgres.new/PG_VERSION"), "15\n", TestContext.Current.CancellationToken);
        var cluster = await StartAsync();
        Assert.Equal("1", await PsqlAsync(cluster, "select 1"));
        Assert.False(Directory.Exists(home.In("postgres.new")));
    }

    [Fact]
    public async Task Cluster_LongPath_ListensElsewhere()
    {
        var deep = new Home(Path.Combine(prts.Scratch, new string('x', 100)));
        using var other = new Launcher(deep, _ => { });
        var cluster = await StartAsync(deep, other);
        Assert.Equal("1", await PsqlAsync(cluster, "select 1"));
        await other.StopAllAsync();
    }

    [Fact]
    public async Task Start_ProgramThatEnds_ShowsTheEndOfItsLog()
    {
        DataDirectory.Prepare(home);
        var definition = new ChildDefinition { Name = "server", Role = "server", Program = "/bin/sh", Arguments = ["-c", "echo the disk is full; exit 3"] };
        var error = await Assert.ThrowsAsync<UserError>(() => launcher.StartAsync(definition, (_, _) => Task.FromResult(false), Patience, TestContext.Current.CancellationToken));
        Assert.Contains("server does not start (exit code 3)", error.Message, StringComparison.Ordinal);
        Assert.EndsWith("    the disk is full", error.Message, StringComparison.Ordinal);
    }

    private Task<PostgresCluster> StartAsync() => StartAsync(home, launcher);

    private static async Task<PostgresCluster> StartAsync(Home home, Launcher launcher)
    {
        var marker = DataDirectory.Prepare(home);
        var binaries = await PostgresSetup.FindBinariesAsync(home, _ => { });
        var cluster = PostgresSetup.Locate(home, marker, binaries, _ => { });
        await cluster.CreateAsync();
        await launcher.StartAsync(cluster.Define(), (child, _) => Task.FromResult(child.Mark is { } mark && cluster.IsReady(mark)), Patience, TestContext.Current.CancellationToken);
        return cluster;
    }

    private static async Task<string> PsqlAsync(PostgresCluster cluster, string sql)
    {
        var host = cluster.ConnectionString.Split(';')[0]["Host=".Length..];
        var result = await Run.ToEndAsync("psql", ["-h", host, "-U", "prts", "-d", "prts", "-v", "ON_ERROR_STOP=1", "-qAtc", sql]);
        Assert.True(result.ExitCode == 0, result.Output);
        return result.Output.Trim();
    }

    private static async Task UntilAsync(Func<bool> condition)
    {
        while (!condition())
        {
            await Task.Delay(20, TestContext.Current.CancellationToken);
        }
    }
}
