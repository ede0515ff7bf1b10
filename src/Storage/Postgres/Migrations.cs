using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Npgsql;

namespace PRTS.Storage.Postgres;

/// <summary>The database cannot be used by this program. The message is one sentence for the operator.</summary>
public sealed class UnusableDatabaseException(string message) : Exception(message);

/// <summary>
/// Brings a database to this program's schema. Scripts run in order, each in its own transaction, once; servers that start together
/// take turns. Scripts that were applied never change: a change is a new script.
/// </summary>
public static class Migrations
{
    private const int OldestServer = 15;

    /// <summary>Any number will do, as long as it stays the same.</summary>
    private const long Lock = 0x50525453;

    internal sealed record Script(int Version, string Name, string Text)
    {
        public byte[] Checksum { get; } = SHA256.HashData(Encoding.UTF8.GetBytes(Text));
    }

    internal static IReadOnlyList<Script> Scripts { get; } = Load();

    /// <exception cref="UnusableDatabaseException">The server is too old, the schema is newer than the program, or an applied script has changed.</exception>
    public static Task Apply(NpgsqlDataSource database, CancellationToken cancellationToken = default) => Apply(database, Scripts, cancellationToken);

    internal static async Task Apply(NpgsqlDataSource database, IReadOnlyList<Script> scripts, CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        if (connection.PostgreSqlVersion.Major < OldestServer)
        {
            throw new UnusableDatabaseException($"PRTS needs PostgreSQL {OldestServer} or later, and the server {database.ConnectionHost()} is {connection.PostgreSqlVersion}.");
        }

        await connection.Command("select pg_advisory_lock($1)", Lock).Execute(cancellationToken);
        try
        {
            await connection.Command(
                """
                create table if not exists schema_migrations
                (version integer primary key, name text not null, checksum bytea not null, applied_at timestamptz not null default now())
                """).Execute(cancellationToken);
            var applied = await connection.Command("select version, name, checksum from schema_migrations order by version")
                .All(row => (Version: row.GetInt32(0), Name: row.GetString(1), Checksum: row.GetFieldValue<byte[]>(2)), cancellationToken);
            foreach (var (version, name, checksum) in applied) Check(scripts, version, name, checksum);
            foreach (var script in scripts.Where(script => applied.All(done => done.Version != script.Version))) await Run(connection, script, cancellationToken);
        }
        finally
        {
            // Pooled connections live on, and so would the lock.
            if (connection.State == System.Data.ConnectionState.Open) await connection.Command("select pg_advisory_unlock($1)", Lock).Execute(CancellationToken.None);
        }
    }

    private static void Check(IReadOnlyList<Script> scripts, int version, string name, byte[] checksum)
    {
        var script = scripts.FirstOrDefault(script => script.Version == version)
            ?? throw new UnusableDatabaseException($"The database has migration {name}, which this PRTS does not know: it was used by a newer PRTS; run that one or a later one.");
        if (!script.Checksum.AsSpan().SequenceEqual(checksum))
        {
            throw new UnusableDatabaseException($"Migration {name} in the database differs from this PRTS's own: one of them was changed after it was applied; restore the original.");
        }
    }

    private static async Task Run(NpgsqlConnection connection, Script script, CancellationToken cancellationToken)
    {
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        await connection.Command(script.Text).Execute(cancellationToken);
        await connection.Command("insert into schema_migrations (version, name, checksum) values ($1, $2, $3)", script.Version, script.Name, script.Checksum).Execute(cancellationToken);
        await transaction.CommitAsync(cancellationToken);
    }

    private static List<Script> Load()
    {
        var assembly = typeof(Migrations).Assembly;
        var scripts = new List<Script>();
        foreach (var resource in assembly.GetManifestResourceNames().Where(name => name.EndsWith(".sql", StringComparison.Ordinal)).Order(StringComparer.Ordinal))
        {
            using var reader = new StreamReader(assembly.GetManifestResourceStream(resource)!, Encoding.UTF8);
            scripts.Add(new(int.Parse(resource.AsSpan(0, 4), CultureInfo.InvariantCulture), resource[..^4], reader.ReadToEnd().ReplaceLineEndings("\n")));
        }

        return scripts;
    }

    private static string ConnectionHost(this NpgsqlDataSource database) => new NpgsqlConnectionStringBuilder(database.ConnectionString).Host ?? "";
}
