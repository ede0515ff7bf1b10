using System.Globalization;
using PRTS.Execution.Native;

namespace PRTS.Execution.Users;

/// <summary>
/// Where a job's user finds programs: the directories of the agent's own PATH that he can reach. The others (root's home, say) would only
/// hide the programs that he can run behind ones that he cannot. Relative ones would mean his checkout, and are left out too.
/// </summary>
internal static class SearchPath
{
    private const string Usual = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

    /// <summary>The agent's own.</summary>
    public static string Own { get; } = Environment.GetEnvironmentVariable("PATH") is { Length: > 0 } path ? path : Usual;

    public static string Of(JobUser user) => Of(user, Own);

    public static string Of(JobUser user, string path)
    {
        var directories = path.Split(':').Where(directory => Path.IsPathRooted(directory) && (!user.IsOther || CanReach(user, directory)));
        return string.Join(':', directories.Distinct(StringComparer.Ordinal)) is { Length: > 0 } found ? found : Usual;
    }

    /// <summary>By owner and permission bits of the directory and all above it, links followed. Steps have no groups but the user's own.</summary>
    private static bool CanReach(JobUser user, string directory)
    {
        try
        {
            for (var step = Resolve(directory); step is not null; step = Path.GetDirectoryName(step))
            {
                using var handle = Linux.OpenPath(step);
                if (!Linux.Facts(handle).MaySearch(user.Uid, user.Gid))
                    return false;
            }
            return true;
        }
        catch (IOException)
        {
            return false; // There is no such directory.
        }
    }

    private static string Resolve(string directory)
    {
        using var handle = Linux.OpenPath(directory);
        return File.ResolveLinkTarget(string.Create(CultureInfo.InvariantCulture, $"/proc/self/fd/{handle.DangerousGetHandle()}"), returnFinalTarget: false)!.FullName;
    }
}
