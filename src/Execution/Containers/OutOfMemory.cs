using System.Globalization;

namespace PRTS.Execution.Containers;

/// <summary>Reads of the kernel's control groups, version 1 or 2, what the engine tells of ended containers only.</summary>
internal static class OutOfMemory
{
    private const string Root = "/sys/fs/cgroup";

    /// <summary>How many processes of this one's control group were killed for want of memory; 0 when that cannot be known.</summary>
    public static long Kills(int pid)
    {
        try
        {
            foreach (var line in pid > 0 ? File.ReadAllLines(string.Create(CultureInfo.InvariantCulture, $"/proc/{pid}/cgroup")) : [])
            {
                var parts = line.Split(':', 3);
                if (parts[1].Length == 0 && Read($"{Root}{parts[2]}/memory.events") is { } unified)
                    return unified;
                if (parts[1].Split(',').Contains("memory", StringComparer.Ordinal) && Read($"{Root}/memory{parts[2]}/memory.oom_control") is { } own)
                    return own;
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // The container ended at this moment: the engine tells.
        }
        return 0;
    }

    private static long? Read(string path) => !File.Exists(path) ? null
        : File.ReadLines(path).Select(line => line.Split(' ')).FirstOrDefault(words => words[0] == "oom_kill") is { Length: 2 } words ? long.Parse(words[1], CultureInfo.InvariantCulture) : null;
}
