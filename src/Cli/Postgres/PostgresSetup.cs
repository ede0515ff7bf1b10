using System.Text;
using PRTS.Cli.Processes;
using PRTS.Cli.Up;

namespace PRTS.Cli.Postgres;

/// <summary>Finds the binaries, the directories and the user of our cluster.</summary>
internal static class PostgresSetup
{
    /// <summary>A Unix socket's address holds 107 bytes.</summary>
    private const int LongestSocketDirectory = 107 - 14;

    /// <summary>The binaries that fit the cluster, installed first where that is allowed. Throws one line that says what to do.</summary>
    public static async Task<PostgresBinaries> FindBinariesAsync(Home home, Action<string> tell)
    {
        var all = await PostgresBinaries.FindAllAsync();
        if (all.Count == 0 && PostgresInstaller.CanInstall)
        {
            await PostgresInstaller.InstallAsync(tell);
            all = await PostgresBinaries.FindAllAsync();
        }

        if (all.Count == 0)
        {
            throw new UserError($"PostgreSQL is missing. Install it (Debian, Ubuntu: apt-get install postgresql), or set PRTS_DATABASE to the connection string of a server.");
        }

        var cluster = PostgresCluster.MajorOf(home.In("postgres"));
        var fitting = all.FirstOrDefault(b => cluster is null ? b.Major >= PostgresBinaries.LeastMajor : b.Major == cluster);
        var here = string.Join(", ", all.Select(b => $"{b.Major} in {b.Directory}"));
        return fitting ?? throw new UserError(cluster is null
            ? $"PRTS needs PostgreSQL {PostgresBinaries.LeastMajor} or later; this machine has {here}. Install a newer one, or set PRTS_DATABASE to the connection string of a server."
            : $"The database in {home.In("postgres")} was made by PostgreSQL {cluster}; this machine has {here}. Install PostgreSQL {cluster} (Debian, Ubuntu: apt-get install postgresql-{cluster}), or move the database with pg_upgrade.");
    }

    public static PostgresCluster Locate(Home home, DataMarker marker, PostgresBinaries binaries, Action<string> tell)
    {
        var directory = DataDirectory.Reachable(home, "postgres", marker, tell);
        return new PostgresCluster(binaries, directory, SocketDirectory(home), FindUser());
    }

    /// <summary>The cluster of an earlier start, wherever it lies; null when there is none.</summary>
    public static string? ExistingDirectory(Home home) => Directory.Exists(home.In("postgres"))
        ? new DirectoryInfo(home.In("postgres")).ResolveLinkTarget(returnFinalTarget: true)?.FullName ?? home.In("postgres")
        : null;

    /// <summary>postgres refuses to run as root.</summary>
    private static UnixUser? FindUser() => !Unix.IsRoot ? null
        : UnixUser.Find("postgres") ?? UnixUser.Find("nobody")
        ?? throw new UserError("PostgreSQL must not run as root, and this machine has no user postgres. Create one: useradd --system postgres");

    private static string SocketDirectory(Home home)
    {
        var inside = home.In("run/postgres");
        if (Encoding.UTF8.GetByteCount(inside) <= LongestSocketDirectory && (!Unix.IsRoot || DataDirectory.IsPassable(home.Path)))
        {
            return inside;
        }

        if (Unix.IsRoot)
        {
            return $"/run/prts/{home.Hash}";
        }

        // In a directory that everybody can write, a stranger may have been first: changing the mode fails unless it is ours.
        var temporary = Path.Combine("/tmp", $"prts-{home.Hash}");
        var existing = new DirectoryInfo(temporary);
        if (existing.LinkTarget is not null)
        {
            throw new UserError($"{temporary} is a link, and PostgreSQL's socket shall not follow it. Remove it, or set PRTS_HOME to a shorter path.");
        }

        return temporary;
    }
}
