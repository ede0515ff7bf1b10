using Npgsql;
using PRTS.Contracts.Builds;
using PRTS.Storage.Blobs;
using PRTS.Storage.Logs;
using PRTS.Storage.Postgres;
using PRTS.Storage.Settings;

namespace PRTS.Storage.Tests;

public sealed class BlobSweepTests(StorageFixture storage) : IAsyncLifetime
{
    private static readonly AttemptId Attempt = new(new(BuildId.FromKey("default/demo/hello/1"), "job"), 1);
    private readonly string directory = Directory.CreateTempSubdirectory("prts-sweep-").FullName;
    private readonly ManualTime time = new(TimeProvider.System.GetUtcNow());
    private NpgsqlDataSource database = null!;
    private FileBlobStore blobs = null!;
    private LogStore logs = null!;

    public async ValueTask InitializeAsync()
    {
        database = await storage.NewDatabase();
        await Migrations.Apply(database);
        blobs = new(directory, 1 << 20);
        logs = new(database, blobs, time);
    }

    public async ValueTask DisposeAsync()
    {
        await database.DisposeAsync();
        Directory.Delete(directory, recursive: true);
    }

    [Fact]
    public async Task RunWhenDue_RemovesWhatCrashesLeft_AndNothingElse()
    {
        await logs.Seal(Attempt, 0, 0, "one\n"u8.ToArray(), [new(0, 1000)]);
        await Orphan();
        var upload = await blobs.BeginUpload("artifacts/a");
        time.Now += TimeSpan.FromDays(8);
        await logs.Seal(Attempt, 4, 1, "two\n"u8.ToArray(), [new(4, 2000)]);
        await Orphan();

        Assert.Equal(new Swept(1, 1, 0), await Sweep().RunWhenDue());

        Assert.Null(await blobs.UploadOffset(upload));
        // The log's segment, and the orphan that is still young: a row may be on its way.
        Assert.Equal(2, await blobs.List(BlobPlaces.Logs(Attempt.Job.Build.Project.Tenant)).CountAsync());
        using var log = new MemoryStream();
        await new LogReader(database, blobs).ReadBytes(Attempt, 0, null, log);
        Assert.Equal("one\ntwo\n"u8.ToArray(), log.ToArray());
    }

    [Fact]
    public async Task RunWhenDue_SweptBefore_WaitsForItsTime()
    {
        Assert.NotNull(await Sweep().RunWhenDue());
        time.Now += BlobSweep.Every - TimeSpan.FromSeconds(1);
        Assert.Null(await Sweep().RunWhenDue());
        time.Now += TimeSpan.FromSeconds(1);
        Assert.NotNull(await Sweep().RunWhenDue());
    }

    [Fact]
    public async Task RunWhenDue_AnotherServerSweeps_LeavesItToThat()
    {
        await using (var other = await database.OpenConnectionAsync())
        {
            await other.Command("select pg_advisory_lock($1)", BlobSweep.Lock).Execute(default);
            Assert.Null(await Sweep().RunWhenDue());
            await other.Command("select pg_advisory_unlock($1)", BlobSweep.Lock).Execute(default);
        }

        Assert.NotNull(await Sweep().RunWhenDue());
    }

    [Fact]
    public async Task RunWhenDue_StoreFails_SaysSoAndIsDueAgain()
    {
        await Orphan();
        time.Now += TimeSpan.FromDays(2);
        var uploads = Path.Combine(directory, ".uploads");
        Directory.Delete(uploads);

        await Assert.ThrowsAsync<DirectoryNotFoundException>(() => Sweep().RunWhenDue());

        Directory.CreateDirectory(uploads);
        Assert.NotNull(await Sweep().RunWhenDue());
    }

    private BlobSweep Sweep() => new(database, new SettingsStore(database), logs, new(database, blobs, new(), time), blobs, time);

    private Task Orphan() => blobs.Put($"{BlobPlaces.Log(Attempt)}000000000000099-{time.Now.ToUnixTimeMilliseconds():x12}-00000000", new MemoryStream([1]));
}
