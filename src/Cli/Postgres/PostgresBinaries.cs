using System.Globalization;
using PRTS.Cli.Processes;

namespace PRTS.Cli.Postgres;

/// <summary>A PostgreSQL installation on this machine.</summary>
internal sealed record PostgresBinaries(string Directory, int Major)
{
    public const int LeastMajor = 15;

    public string Postgres => Path.Combine(Directory, "postgres");
    public string InitDb => Path.Combine(Directory, "initdb");

    /// <summary>All installations, the newest first; PRTS_POSTGRES (a bin directory) hides the others.</summary>
    public static async Task<IReadOnlyList<PostgresBinaries>> FindAllAsync()
    {
        var chosen = Environment.GetEnvironmentVariable("PRTS_POSTGRES");
        var candidates = string.IsNullOrEmpty(chosen) ? Candidates() : [chosen];
        var found = new List<PostgresBinaries>();
        foreach (var directory in candidates.Select(RealDirectory).OfType<string>().Distinct(StringComparer.Ordinal))
        {
            if (await ReadMajorAsync(Path.Combine(directory, "postgres")) is { } major)
            {
                found.Add(new PostgresBinaries(directory, major));
            }
        }

        if (found.Count == 0 && !string.IsNullOrEmpty(chosen))
        {
            throw new UserError($"PRTS_POSTGRES={chosen} has no postgres and initdb. Name the bin directory of a PostgreSQL {LeastMajor} or later.");
        }

        return [.. found.OrderByDescending(b => b.Major)];
    }

    private static IEnumerable<string> Candidates()
    {
        var packaged = System.IO.Directory.Exists("/usr/lib/postgresql")
            ? System.IO.Directory.EnumerateDirectories("/usr/lib/postgresql").Select(d => Path.Combine(d, "bin"))
            : [];
        var onPath = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':', StringSplitOptions.RemoveEmptyEntries);
        return packaged.Concat(onPath).Concat(["/usr/local/pgsql/bin", "/usr/pgsql/bin"]);
    }

    /// <summary>The directory with the real files, since postgres finds its libraries from there.</summary>
    private static string? RealDirectory(string directory)
    {
        var initdb = new FileInfo(Path.Combine(directory, "initdb"));
        if (!initdb.Exists || !File.Exists(Path.Combine(directory, "postgres")) && initdb.LinkTarget is null)
        {
            return null;
        }

        var real = Path.GetDirectoryName(initdb.ResolveLinkTarget(returnFinalTarget: true)?.FullName ?? initdb.FullName)!;
        return File.Exists(Path.Combine(real, "postgres")) ? real : null;
    }

    private static async Task<int?> ReadMajorAsync(string postgres)
    {
        var result = await Run.ToEndAsync(postgres, ["--version"]);
        // "postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)", "postgres (PostgreSQL) 18beta1"
        var version = result.Output.Split(' ').ElementAtOrDefault(2) ?? "";
        var digits = string.Concat(version.TakeWhile(char.IsAsciiDigit));
        return result.ExitCode == 0 && int.TryParse(digits, CultureInfo.InvariantCulture, out var major) ? major : null;
    }
}
