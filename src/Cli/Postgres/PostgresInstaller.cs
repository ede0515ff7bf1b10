using PRTS.Cli.Processes;

namespace PRTS.Cli.Postgres;

/// <summary>Gets PostgreSQL from the distribution where we may install packages.</summary>
internal static class PostgresInstaller
{
    private const string ClusterDefaults = "/etc/postgresql-common/createcluster.conf";

    public static bool CanInstall => Unix.IsRoot && File.Exists("/usr/bin/apt-get");

    public static async Task InstallAsync(Action<string> tell)
    {
        tell("installing PostgreSQL (apt-get install postgresql) ...");
        if ((await AptGetAsync("install", "postgresql-common")).ExitCode != 0)
        {
            await RequireAsync("update");
            await RequireAsync("install", "postgresql-common");
        }

        // Debian's package would start a cluster of its own, which nobody here uses: not this time, and as before afterwards.
        var defaults = File.Exists(ClusterDefaults) ? await File.ReadAllTextAsync(ClusterDefaults) : null;
        try
        {
            if (defaults is not null)
            {
                await File.WriteAllTextAsync(ClusterDefaults, defaults + "\ncreate_main_cluster = false\n");
            }

            await RequireAsync("install", "postgresql");
        }
        finally
        {
            if (defaults is not null)
            {
                await File.WriteAllTextAsync(ClusterDefaults, defaults);
            }
        }
    }

    private static async Task RequireAsync(params string[] arguments)
    {
        var result = await AptGetAsync(arguments);
        if (result.ExitCode != 0)
        {
            throw new UserError($"apt-get {string.Join(' ', arguments)} failed. Install PostgreSQL {PostgresBinaries.LeastMajor} or later yourself, or set PRTS_DATABASE.\n{result.Tail}");
        }
    }

    private static Task<RunResult> AptGetAsync(params string[] arguments) => Run.ToEndAsync(
        "/usr/bin/apt-get",
        ["-y", "-q", "--no-install-recommends", "-o", "Dpkg::Options::=--force-confold", "-o", "DPkg::Lock::Timeout=120", .. arguments],
        environment: new Dictionary<string, string?>(StringComparer.Ordinal) { ["DEBIAN_FRONTEND"] = "noninteractive", ["LC_ALL"] = "C.UTF-8" });
}
