using System.Globalization;
using PRTS.Cli.Processes;

namespace PRTS.Cli.Postgres;

/// <summary>
/// Our private cluster. It listens on a Unix socket only, in a directory that nobody else may enter; the operating system's user is
/// the credential (peer), so there is no password to keep.
/// </summary>
internal sealed class PostgresCluster(PostgresBinaries binaries, string directory, string socketDirectory, UnixUser? user)
{
    private const int Port = 5432;

    /// <summary>The role that the server uses; it owns its database and is no superuser.</summary>
    private const string Role = "prts";

    public string ConnectionString =>
        $"Host={socketDirectory};Port={Port};Username={Role};Database={Role};SSL Mode=Disable;GSS Encryption Mode=Disable";

    public static int? MajorOf(string directory) =>
        File.Exists(Path.Combine(directory, "PG_VERSION")) && int.TryParse(File.ReadAllText(Path.Combine(directory, "PG_VERSION")).Trim(), CultureInfo.InvariantCulture, out var major) ? major : null;

    /// <summary>Makes the cluster with its role and database; a crash in the middle leaves nothing that is taken for whole.</summary>
    public async Task CreateAsync()
    {
        var unfinished = directory + ".new";
        if (Directory.Exists(unfinished))
        {
            Directory.Delete(unfinished, recursive: true);
        }

        Directory.CreateDirectory(unfinished, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        Own(unfinished);
        await RequireAsync(binaries.InitDb, ["-D", unfinished, "-U", "postgres", "--auth=peer", "--encoding=UTF8", "--locale=C.UTF-8", "--data-checksums", "--no-instructions"]);
        await RequireAsync(binaries.Postgres, ["--single", "-D", unfinished, "postgres"], $"create role {Role} login;\ncreate database {Role} owner {Role};\n");
        if (Directory.Exists(directory))
        {
            Directory.Delete(directory);
        }

        Directory.Move(unfinished, directory);
    }

    public ChildDefinition Define() => new()
    {
        Name = "postgres",
        Role = "postgres",
        Program = binaries.Postgres,
        Arguments = ["-D", directory],
        User = user,
        WorkingDirectory = "/",
        // Fast shutdown; at last immediate, which the next start recovers from.
        StopSignal = Unix.SigInt,
        LastSignal = Unix.SigQuit,
        StopTimeout = TimeSpan.FromSeconds(30),
        Environment = new Dictionary<string, string?>(StringComparer.Ordinal) { ["LC_ALL"] = "C.UTF-8", ["PGDATA"] = null, ["PGPORT"] = null, ["PGHOST"] = null },
        BeforeStart = BeforeStart,
    };

    /// <summary>The postmaster writes its own state on the eighth line of its pid file.</summary>
    public bool IsReady(ProcessMark process)
    {
        try
        {
            var lines = File.ReadAllLines(Path.Combine(directory, "postmaster.pid"));
            return lines.Length >= 8 && lines[0] == process.Pid.ToString(CultureInfo.InvariantCulture) && lines[7].Trim() == "ready";
        }
        catch (IOException)
        {
            return false;
        }
    }

    /// <summary>A postmaster that runs on this directory though no pid file of ours tells of it.</summary>
    public ProcessMark? FindStray()
    {
        var file = Path.Combine(directory, "postmaster.pid");
        if (!File.Exists(file) || !int.TryParse(File.ReadLines(file).FirstOrDefault(), CultureInfo.InvariantCulture, out var pid))
        {
            return null;
        }

        return ProcessMark.CommandLineOf(pid) is [_, "-D", var at, ..] && at == directory ? ProcessMark.Of(pid) : null;
    }

    private void BeforeStart()
    {
        if (FindStray() is null)
        {
            // After kill -9 or a reboot the number in these files may belong to any other process, and postgres would refuse to start.
            File.Delete(Path.Combine(directory, "postmaster.pid"));
            foreach (var left in Directory.Exists(socketDirectory) ? Directory.GetFiles(socketDirectory, ".s.PGSQL.*") : [])
            {
                File.Delete(left);
            }
        }

        Directory.CreateDirectory(socketDirectory);
        File.SetUnixFileMode(socketDirectory, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        Own(socketDirectory);
        WriteConfiguration();
    }

    /// <summary>Written at each start, so that a new version of PRTS brings its settings; an administrator's own go to postgresql.auto.conf.</summary>
    private void WriteConfiguration()
    {
        Write("prts.conf", $"""
            # Written by prts at each start. Your own settings: ALTER SYSTEM, or postgresql.auto.conf.
            listen_addresses = ''
            port = {Port}
            unix_socket_directories = {Quote(socketDirectory)}
            unix_socket_permissions = 0777  # The directory is closed to all but us.
            hba_file = {Quote(Path.Combine(directory, "prts_hba.conf"))}
            ident_file = {Quote(Path.Combine(directory, "prts_ident.conf"))}
            max_connections = 200
            shared_buffers = 128MB
            wal_compression = on
            max_wal_size = 512MB
            checkpoint_timeout = 15min
            random_page_cost = 1.1
            jit = off
            log_line_prefix = '%m [%p] %q%u@%d '
            timezone = 'UTC'
            log_timezone = 'UTC'

            """);
        Write("prts_hba.conf", "local all all peer map=prts\n");
        var self = Environment.UserName;
        Write("prts_ident.conf", $"prts \"{self}\" {Role}\nprts \"{self}\" postgres\nprts \"{user?.Name ?? self}\" postgres\n");
        var main = Path.Combine(directory, "postgresql.conf");
        const string include = "include 'prts.conf'";
        if (!File.ReadLines(main).Contains(include))
        {
            File.AppendAllText(main, include + "\n");
        }
    }

    private static string Quote(string value) => $"'{value.Replace("'", "''", StringComparison.Ordinal)}'";

    private void Write(string name, string text)
    {
        var path = Path.Combine(directory, name);
        File.WriteAllText(path, text);
        File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        Own(path);
    }

    private void Own(string path)
    {
        if (user is not null)
        {
            Unix.ChangeOwner(path, user);
        }
    }

    private async Task RequireAsync(string program, IEnumerable<string> arguments, string? input = null)
    {
        var environment = new Dictionary<string, string?>(StringComparer.Ordinal) { ["LC_ALL"] = "C.UTF-8", ["TZ"] = "UTC" };
        var result = await Run.ToEndAsync(program, arguments, user, input, environment);
        if (result.ExitCode != 0 || result.Output.Contains("FATAL", StringComparison.Ordinal) || result.Output.Contains("ERROR", StringComparison.Ordinal))
        {
            throw new UserError($"{Path.GetFileName(program)} could not create the database cluster in {directory}:\n{result.Tail}");
        }
    }
}
