using System.Diagnostics;
using Npgsql;

namespace PRTS.Tests;

/// <summary>
/// A private PostgreSQL cluster for one test class: the distribution's binaries, a temporary directory, a Unix socket only.
/// As root it runs as the user <c>nobody</c>, because PostgreSQL refuses root.
/// </summary>
public sealed class PostgresFixture : Xunit.IAsyncLifetime
{
    private readonly string directory = Directory.CreateTempSubdirectory("prts-pg-").FullName;
    private Process? server;
    private int databases;

    /// <summary>A test cluster need not survive the machine: without fsync the tests measure themselves, not the disk. Benchmarks measure the disk too.</summary>
    public bool IsDurable { get; init; }

    public string ConnectionString(string database = "postgres") =>
        new NpgsqlConnectionStringBuilder { Host = directory, Username = "prts", Database = database, MaxPoolSize = 30 }.ConnectionString;

    public async ValueTask InitializeAsync()
    {
        var bin = Directory.Exists("/usr/lib/postgresql")
            ? Directory.GetDirectories("/usr/lib/postgresql").Select(version => Path.Combine(version, "bin")).Where(Directory.Exists).Order(StringComparer.Ordinal).LastOrDefault()
            : null;
        if (bin is null) throw new InvalidOperationException("These tests need PostgreSQL's binaries in /usr/lib/postgresql: apt-get install postgresql.");
        if (Environment.IsPrivilegedProcess) await Run("chown", "nobody", directory);
        var data = Path.Combine(directory, "data");
        await RunUnprivileged(Path.Combine(bin, "initdb"), "-D", data, "-U", "prts", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "-N");
        server = Start(
            [.. Unprivileged, Path.Combine(bin, "postgres"), "-D", data, "-k", directory, "-c", "listen_addresses=", "-c", IsDurable ? "fsync=on" : "fsync=off", "-c", "shared_buffers=32MB"]);
        server.OutputDataReceived += (_, _) => { };
        server.ErrorDataReceived += (_, _) => { };
        server.BeginOutputReadLine();
        server.BeginErrorReadLine();
        await UntilReady();
    }

    /// <summary>A new empty database.</summary>
    public async Task<NpgsqlDataSource> NewDatabase()
    {
        var name = $"test{Interlocked.Increment(ref databases)}";
        await using var connection = new NpgsqlConnection(ConnectionString());
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand($"create database {name}", connection);
        await command.ExecuteNonQueryAsync();
        return NpgsqlDataSource.Create(ConnectionString(name));
    }

    public async ValueTask DisposeAsync()
    {
        if (server is not null)
        {
            NpgsqlConnection.ClearAllPools();
            // SIGINT is PostgreSQL's fast shutdown. setpriv has replaced itself, so the child is the postmaster.
            await Run("kill", "-INT", server.Id.ToString(System.Globalization.CultureInfo.InvariantCulture));
            await server.WaitForExitAsync();
            server.Dispose();
        }

        Directory.Delete(directory, recursive: true);
    }

    private async Task UntilReady()
    {
        var started = Stopwatch.StartNew();
        while (true)
        {
            try
            {
                await using var connection = new NpgsqlConnection(ConnectionString() + ";Pooling=false");
                await connection.OpenAsync();
                return;
            }
            catch (Exception notYet) when (notYet is NpgsqlException && started.Elapsed < TimeSpan.FromSeconds(60) && !server!.HasExited)
            {
                await Task.Delay(20);
            }
        }
    }

    private static string[] Unprivileged => Environment.IsPrivilegedProcess ? ["setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups"] : [];

    private static Task RunUnprivileged(params string[] command) => Run([.. Unprivileged, .. command]);

    private static async Task Run(params string[] command)
    {
        using var process = Start(command);
        var output = process.StandardOutput.ReadToEndAsync();
        var errors = await process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync();
        if (process.ExitCode != 0) throw new InvalidOperationException($"{string.Join(' ', command)} failed: {errors}{await output}");
    }

    private static Process Start(string[] command)
    {
        var start = new ProcessStartInfo(command[0]) { UseShellExecute = false, RedirectStandardOutput = true, RedirectStandardError = true, WorkingDirectory = "/" };
        foreach (var argument in command.AsSpan(1)) start.ArgumentList.Add(argument);
        return Process.Start(start) ?? throw new InvalidOperationException($"{command[0]} did not start.");
    }
}
