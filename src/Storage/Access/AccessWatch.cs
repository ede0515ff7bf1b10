using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using Npgsql;
using PRTS.Storage.Postgres;

namespace PRTS.Storage.Access;

/// <summary>
/// Hears within milliseconds, on every server, that rights or sessions of a tenant changed: PostgreSQL tells it with the commit of the
/// change. While the connection is lost nothing that was read before counts (<see cref="IsListening"/>).
/// </summary>
public sealed partial class AccessWatch(NpgsqlDataSource database, ILogger<AccessWatch> log)
{
    public const string Channel = "prts_access";
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);
    private readonly ConcurrentDictionary<Guid, Action<string?>> listeners = new();

    public bool IsListening { get; private set; }

    /// <summary>Calls back with the tenant; with null when news may have been missed. Callbacks return at once and do not throw.</summary>
    public IDisposable Subscribe(Action<string?> changed)
    {
        var id = Guid.NewGuid();
        listeners[id] = changed;
        return new Subscription(() => listeners.TryRemove(id, out _));
    }

    /// <summary>
    /// What was committed here is known here before whoever changed it has their answer, and asks again; the notice of the database comes
    /// a moment later.
    /// </summary>
    public void Committed(string tenant) => Tell(tenant);

    /// <summary>Listens until it is told to stop; the host runs it.</summary>
    public async Task Run(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                await Listen(stoppingToken);
            }
            catch (Exception failure) when (failure is NpgsqlException or IOException or TimeoutException or InvalidOperationException && !stoppingToken.IsCancellationRequested)
            {
                LogLost(failure);
            }
            finally
            {
                IsListening = false;
                Tell(null);
            }

            await Task.Delay(Pause, stoppingToken);
        }
    }

    private async Task Listen(CancellationToken stoppingToken)
    {
        await using var connection = await database.OpenConnectionAsync(stoppingToken);
        connection.Notification += (_, news) => Tell(news.Payload);
        await connection.Command($"listen {Channel}").Execute(stoppingToken);
        IsListening = true;
        Tell(null);
        while (true)
        {
            // A connection that died without a word is noticed by asking.
            if (!await connection.WaitAsync(TimeSpan.FromSeconds(15), stoppingToken)) await connection.Command("select 1").Execute(stoppingToken);
        }
    }

    private void Tell(string? tenant)
    {
        foreach (var listener in listeners.Values) listener(tenant);
    }

    private sealed class Subscription(Action end) : IDisposable
    {
        public void Dispose() => end();
    }

    [LoggerMessage(LogLevel.Warning, "The connection on which changes of rights are heard is lost; rights are read anew for each request until it is back")]
    private partial void LogLost(Exception failure);
}
