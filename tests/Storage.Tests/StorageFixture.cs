using Npgsql;
using PRTS.Storage.Postgres;
using PRTS.Tests;

[assembly: AssemblyFixture(typeof(PRTS.Storage.Tests.StorageFixture))]

namespace PRTS.Storage.Tests;

/// <summary>One PostgreSQL for all tests here, and one migrated database that tests share by using their own tenants.</summary>
public sealed class StorageFixture : IAsyncLifetime
{
    private readonly PostgresFixture postgres = new();

    public NpgsqlDataSource Database { get; private set; } = null!;

    public Task<NpgsqlDataSource> NewDatabase() => postgres.NewDatabase();

    public async ValueTask InitializeAsync()
    {
        await postgres.InitializeAsync();
        Database = await postgres.NewDatabase();
        await Migrations.Apply(Database);
    }

    public async ValueTask DisposeAsync()
    {
        if (Database is not null) await Database.DisposeAsync();
        await postgres.DisposeAsync();
    }
}
