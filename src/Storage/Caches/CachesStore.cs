using Npgsql;
using PRTS.Api;
using PRTS.Api.Caches;
using PRTS.Contracts.Projects;
using PRTS.Storage.Blobs;
using PRTS.Storage.Postgres;

namespace PRTS.Storage.Caches;

/// <summary>
/// What builds keep for later ones. The contents are blobs named by their hash, each once a project. Whoever adds a key to contents or
/// removes contents holds the project's advisory lock.
/// </summary>
public sealed class CachesStore(NpgsqlDataSource database, IBlobStore blobs, CacheLimits limits, TimeProvider time)
{
    /// <summary>Contents without a key for this long were left by a crash.</summary>
    private static readonly TimeSpan OrphanAge = TimeSpan.FromDays(1);

    private const string ThisProject = "c.tenant = $1 and c.org = $2 and c.project = $3";

    private const string Select = """
        select c.id, c.ref, c.key, s.size, c.sha256, c.number, c.created_at, c.used_at
        from caches c join cache_contents s using (tenant, org, project, sha256)

        """;

    public CacheLimits Limits => limits;

    /// <summary>
    /// What fits best: the key itself, then each beginning of keys in turn, the newest first; each of them in the refs in turn. Counts as used.
    /// </summary>
    public async Task<CacheEntry?> Find(ProjectId project, IReadOnlyList<string> refs, string key, IReadOnlyList<string> beginnings, CancellationToken cancellationToken = default)
    {
        var entry = await database.Command(
            $"""
            {Select}
            join unnest($4::text[]) with ordinality r(ref, place) on r.ref = c.ref
            join unnest($5::text[]) with ordinality k(text, place) on c.key = k.text or (k.place > 1 and starts_with(c.key, k.text) and not starts_with(c.key, 'step/'))
            where {ThisProject} order by k.place, r.place, c.created_at desc, c.id desc limit 1
            """,
            [.. Key(project), refs.ToArray(), (string[])[key, .. beginnings]]).First(Read, cancellationToken);
        if (entry is not null)
            await database.Command("update caches set used_at = $2 where id = $1", entry.Id, time.GetUtcNow()).Execute(cancellationToken);
        return entry;
    }

    public async Task<CacheEntry?> Get(ProjectId project, long id, CancellationToken cancellationToken = default) =>
        await database.Command($"{Select} where {ThisProject} and c.id = $4", [.. Key(project), id]).First(Read, cancellationToken);

    /// <exception cref="BlobNotFoundException">It was removed meanwhile.</exception>
    public Task<Stream> Open(ProjectId project, CacheEntry entry, CancellationToken cancellationToken = default) =>
        blobs.OpenRead(BlobOf(project, entry.Sha256), cancellationToken: cancellationToken);

    /// <summary>The last used first.</summary>
    public async Task<Page<CacheEntry>> List(ProjectId project, int skip, int take, CancellationToken cancellationToken = default)
    {
        await using var batch = database.CreateBatch();
        batch.Add($"select count(*) from caches c where {ThisProject}", Key(project));
        batch.Add($"{Select} where {ThisProject} order by c.used_at desc, c.id desc offset $4 limit $5", [.. Key(project), skip, take]);
        await using var reader = await batch.ExecuteReaderAsync(cancellationToken);
        await reader.ReadAsync(cancellationToken);
        var total = reader.GetInt64(0);
        await reader.NextResultAsync(cancellationToken);
        return new(await reader.Rows(Read, cancellationToken), total);
    }

    /// <summary>Keeps contents that are here already under one more key.</summary>
    public async Task<CacheOffer> Offer(ProjectId project, string gitRef, string key, string sha256, long size, int build, CancellationToken cancellationToken = default)
    {
        if (size > limits.Largest) return No($"it has {size} bytes, and a cache may have {limits.Largest} here");
        if (size > limits.Project) return No($"it has {size} bytes, and all caches of a project may have {limits.Project} here");
        return await Locked(project, async connection =>
        {
            if (await Exists(connection, project, gitRef, key, cancellationToken)) return No("another build has kept this key meanwhile");
            var stored = await IsStored(connection, project, sha256, cancellationToken);
            if (stored) await Add(connection, project, gitRef, key, sha256, build, cancellationToken);
            return new CacheOffer { Saved = stored };
        }, cancellationToken);

        static CacheOffer No(string why) => new() { Saved = false, Refusal = why };
    }

    /// <summary>Stores contents under a key, and makes room for them.</summary>
    /// <exception cref="BlobMismatchException">The bytes are not those announced.</exception>
    public async Task Save(ProjectId project, string gitRef, string key, string sha256, long size, Stream content, int build, CancellationToken cancellationToken = default)
    {
        await database.Command(
            """
            insert into cache_contents (tenant, org, project, sha256, size, begun_at) values ($1, $2, $3, $4, $5, $6)
            on conflict (tenant, org, project, sha256) do update set begun_at = excluded.begun_at
            """,
            [.. Key(project), sha256, size, time.GetUtcNow()]).Execute(cancellationToken);
        await blobs.Put(BlobOf(project, sha256), content, size, sha256, cancellationToken);
        await Locked(project, async connection =>
        {
            await connection.Command("update cache_contents c set stored = true where " + ThisProject + " and sha256 = $4", [.. Key(project), sha256]).Execute(cancellationToken);
            if (!await IsStored(connection, project, sha256, cancellationToken)) throw new BlobNotFoundException(BlobOf(project, sha256)); // Removed just now: the job sends it again.
            if (!await Exists(connection, project, gitRef, key, cancellationToken)) await Add(connection, project, gitRef, key, sha256, build, cancellationToken);
            await MakeRoom(connection, project, sha256, cancellationToken);
            return true;
        }, cancellationToken);
    }

    /// <returns>Whether it was there.</returns>
    public Task<bool> Remove(ProjectId project, long id, CancellationToken cancellationToken = default) => Locked(project, async connection =>
    {
        var removed = await connection.Command("delete from caches c where " + ThisProject + " and id = $4", [.. Key(project), id]).Execute(cancellationToken) > 0;
        await RemoveContents(connection, project, cancellationToken);
        return removed;
    }, cancellationToken);

    /// <summary>Removes contents under all of their keys: they are not what they were.</summary>
    public Task<int> RemoveContents(ProjectId project, string sha256, CancellationToken cancellationToken = default) => Locked(project, async connection =>
    {
        await connection.Command("delete from caches c where " + ThisProject + " and sha256 = $4", [.. Key(project), sha256]).Execute(cancellationToken);
        return await RemoveContents(connection, project, cancellationToken);
    }, cancellationToken);

    /// <summary>Removes what was not used for long, and what crashes left.</summary>
    /// <returns>How many contents.</returns>
    public async Task<int> Sweep(CancellationToken cancellationToken = default)
    {
        var now = time.GetUtcNow();
        await database.Command("delete from caches where used_at < $1", now - limits.Unused).Execute(cancellationToken);
        var projects = await database.Command(
            "select distinct tenant, org, project from cache_contents c where begun_at < $1 and " + WithoutKey, now - OrphanAge)
            .All(row => new ProjectId(row.GetString(0), row.GetString(1), row.GetString(2)), cancellationToken);
        var removed = 0;
        foreach (var project in projects)
            removed += await Locked(project, connection => RemoveContents(connection, project, cancellationToken), cancellationToken);
        return removed;
    }

    private const string WithoutKey = "not exists (select 1 from caches k where (k.tenant, k.org, k.project, k.sha256) = (c.tenant, c.org, c.project, c.sha256))";

    /// <summary>Those that were not used for the longest go, until the rest fits; never what was just stored.</summary>
    private async Task MakeRoom(NpgsqlConnection connection, ProjectId project, string sha256, CancellationToken cancellationToken)
    {
        var gone = await connection.Command(
            """
            with contents as (
                select s.sha256, s.size, max(c.used_at) as used_at
                from cache_contents s join caches c using (tenant, org, project, sha256)
                where s.tenant = $1 and s.org = $2 and s.project = $3 group by s.sha256, s.size
            ), ranked as (
                select sha256, sum(size) over (order by sha256 = $4 desc, used_at desc, sha256) as upto from contents
            )
            delete from caches c using ranked r
            where c.tenant = $1 and c.org = $2 and c.project = $3 and c.sha256 = r.sha256 and r.upto > $5 and r.sha256 <> $4
            """,
            [.. Key(project), sha256, limits.Project]).Execute(cancellationToken);
        if (gone > 0) await RemoveContents(connection, project, cancellationToken);
    }

    /// <summary>Stored contents without a key, and those whose upload was begun long ago and never ended.</summary>
    private async Task<int> RemoveContents(NpgsqlConnection connection, ProjectId project, CancellationToken cancellationToken)
    {
        var contents = await connection.Command(
            $"select sha256 from cache_contents c where {ThisProject} and (stored or begun_at < $4) and {WithoutKey}",
            [.. Key(project), time.GetUtcNow() - OrphanAge]).All(row => row.GetString(0), cancellationToken);
        foreach (var sha256 in contents)
        {
            await blobs.Delete(BlobOf(project, sha256), cancellationToken);
            await connection.Command("delete from cache_contents c where " + ThisProject + " and sha256 = $4", [.. Key(project), sha256]).Execute(cancellationToken);
        }

        return contents.Count;
    }

    /// <summary>A crash while contents were removed leaves their row: the blob has the last word.</summary>
    private async Task<bool> IsStored(NpgsqlConnection connection, ProjectId project, string sha256, CancellationToken cancellationToken) =>
        await connection.Command("select 1 from cache_contents c where " + ThisProject + " and sha256 = $4 and stored", [.. Key(project), sha256]).First(_ => true, cancellationToken)
        && await blobs.Stat(BlobOf(project, sha256), cancellationToken) is not null;

    private static async Task<bool> Exists(NpgsqlConnection connection, ProjectId project, string gitRef, string key, CancellationToken cancellationToken) =>
        await connection.Command("select 1 from caches c where " + ThisProject + " and ref = $4 and key = $5", [.. Key(project), gitRef, key]).First(_ => true, cancellationToken);

    private Task Add(NpgsqlConnection connection, ProjectId project, string gitRef, string key, string sha256, int build, CancellationToken cancellationToken) => connection.Command(
        """
        insert into caches (tenant, org, project, ref, key, sha256, number, created_at, used_at) values ($1, $2, $3, $4, $5, $6, $7, $8, $8)
        """,
        [.. Key(project), gitRef, key, sha256, build, time.GetUtcNow()]).Execute(cancellationToken);

    /// <summary>In a transaction of its own, with the project's caches to itself.</summary>
    private async Task<T> Locked<T>(ProjectId project, Func<NpgsqlConnection, Task<T>> work, CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        await connection.Command("select pg_advisory_xact_lock(hashtextextended($1, 0))", $"caches/{project.Key}").Execute(cancellationToken);
        var result = await work(connection);
        await transaction.CommitAsync(cancellationToken);
        return result;
    }

    private static string BlobOf(ProjectId project, string sha256) => BlobPlaces.Caches(project) + sha256;

    private static CacheEntry Read(NpgsqlDataReader row) => new()
    {
        Id = row.GetInt64(0),
        Ref = row.GetString(1),
        Key = row.GetString(2),
        Size = row.GetInt64(3),
        Sha256 = row.GetString(4),
        Build = row.GetInt32(5),
        CreatedAt = row.GetFieldValue<DateTimeOffset>(6),
        UsedAt = row.GetFieldValue<DateTimeOffset>(7),
    };

    private static object?[] Key(ProjectId project) => [project.Tenant, project.Org, project.Name];
}
