using System.Globalization;
using System.Text;
using Npgsql;
using PRTS.Storage.Caches;
using PRTS.Storage.Logs;
using PRTS.Storage.Postgres;
using PRTS.Storage.Settings;

namespace PRTS.Storage.Blobs;

/// <summary>What a sweep removed.</summary>
public readonly record struct Swept(int LogBlobs, int Uploads, int Caches);

/// <summary>
/// Removes what crashes left in the blob store: log segments without a row, uploads that nobody goes on with, and caches that nobody uses. Ages are far beyond
/// what running work needs: a segment gets its row within minutes, and whoever comes back to an older upload begins again.
/// </summary>
public sealed class BlobSweep(NpgsqlDataSource database, SettingsStore settings, LogStore logs, CachesStore caches, IBlobStore blobs, TimeProvider time)
{
    public static readonly TimeSpan Every = TimeSpan.FromHours(6);
    public static readonly TimeSpan OrphanAge = TimeSpan.FromDays(1);
    public static readonly TimeSpan UploadAge = TimeSpan.FromDays(7);

    private const string LastKey = "blobs/last-sweep";

    /// <summary>The advisory lock by which one server sweeps at a time. Should it be lost meanwhile: two sweeps do no harm, only work.</summary>
    internal const long Lock = 0x50525457;

    /// <returns>Null when it is not yet time, or another server is sweeping.</returns>
    public async Task<Swept?> RunWhenDue(CancellationToken cancellationToken = default)
    {
        if (!await IsDue(cancellationToken)) return null;
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        if (!await connection.Command("select pg_try_advisory_lock($1)", Lock).First(row => row.GetBoolean(0), cancellationToken)) return null;
        try
        {
            // Another may have ended between the question and the lock.
            if (!await IsDue(cancellationToken)) return null;
            var now = time.GetUtcNow();
            var swept = new Swept(await logs.SweepOrphans(OrphanAge, cancellationToken), await blobs.RemoveAbandonedUploads(now - UploadAge, cancellationToken), await caches.Sweep(cancellationToken));
            await settings.Set(LastKey, Encoding.ASCII.GetBytes(now.ToString("O", CultureInfo.InvariantCulture)), cancellationToken);
            return swept;
        }
        finally
        {
            // Pooled connections live on, and so would the lock.
            if (connection.State == System.Data.ConnectionState.Open) await connection.Command("select pg_advisory_unlock($1)", Lock).Execute(CancellationToken.None);
        }
    }

    private async Task<bool> IsDue(CancellationToken cancellationToken) =>
        await settings.Get(LastKey, cancellationToken) is not { } last
        || time.GetUtcNow() - DateTimeOffset.Parse(Encoding.ASCII.GetString(last), CultureInfo.InvariantCulture) >= Every;
}
