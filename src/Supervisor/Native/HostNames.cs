using PRTS.Supervisor.Protocol;

namespace PRTS.Supervisor.Native;

/// <summary>
/// Gives the calling thread, and what it spawns, an /etc/hosts of the job's own: its services have names that nobody else on this
/// machine needs to know. Mounts belong to threads as rights do.
/// </summary>
internal static unsafe class HostNames
{
    private const int CLONE_NEWNS = 0x20000;
    private const nuint MS_BIND = 0x1000;
    private const nuint MS_REC = 0x4000;
    private const nuint MS_PRIVATE = 0x40000;

    /// <summary>The errno, or 0. Only root may; for others the names stay unknown.</summary>
    public static int Apply()
    {
        if (!Environment.IsPrivilegedProcess || !File.Exists(JobFiles.Hosts))
            return 0;
        return Libc.Unshare(CLONE_NEWNS) == 0
            && Libc.Mount("none", "/", null, MS_REC | MS_PRIVATE, null) == 0
            && Libc.Mount(Path.GetFullPath(JobFiles.Hosts), "/etc/hosts", null, MS_BIND, null) == 0 ? 0 : Libc.LastError;
    }
}
