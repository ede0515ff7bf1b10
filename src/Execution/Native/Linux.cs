using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace PRTS.Execution.Native;

/// <summary>The system calls that .NET does not offer.</summary>
internal static unsafe partial class Linux
{
    public const int SIGKILL = 9;
    public const int ENOENT = 2;
    public const int ENOTDIR = 20;
    public const int O_RDONLY = 0;
    public const int O_WRONLY = 1;
    public const int O_RDWR = 2;
    public const int O_CREAT = 0x40;
    public const int O_EXCL = 0x80;
    public const int O_DIRECTORY = 0x10000;
    public const int O_NONBLOCK = 0x800;
    public const int O_CLOEXEC = 0x80000;
    public const int O_PATH = 0x200000;

    private const int AT_SYMLINK_NOFOLLOW = 0x100;
    private const int AT_EMPTY_PATH = 0x1000;
    private const uint STATX_BASIC = 0x7ff;
    private const nint OpenAt2Number = 437; // The same on every architecture.
    private const ulong RESOLVE_NO_MAGICLINKS = 0x02;
    private const ulong RESOLVE_NO_SYMLINKS = 0x04;
    private const ulong RESOLVE_BENEATH = 0x08;
    private const int LOCK_EX = 2;

    /// <summary>What a file is, asked of an open handle so that it cannot change between question and use.</summary>
    public readonly record struct FileFacts(int Mode, uint Uid, uint Gid, long Size)
    {
        public bool IsRegular => (Mode & 0xF000) == 0x8000;

        public bool IsExecutable => (Mode & 0x40) != 0;

        /// <summary>Whether it is a directory that the user may go through.</summary>
        public bool MaySearch(int uid, int gid) =>
            (Mode & 0xF000) == 0x4000 && (Mode & (Uid == (uint)uid ? 0x40 : Gid == (uint)gid ? 0x08 : 0x01)) != 0;
    }

    [StructLayout(LayoutKind.Explicit, Size = 256)]
    private struct Statx
    {
        [FieldOffset(20)] public uint Uid;
        [FieldOffset(24)] public uint Gid;
        [FieldOffset(28)] public ushort Mode;
        [FieldOffset(40)] public ulong Size;
    }

    [StructLayout(LayoutKind.Sequential)]
    private struct OpenHow
    {
        public ulong Flags;
        public ulong Mode;
        public ulong Resolve;
    }

    public static bool IsRoot { get; } = GetEuid() == 0;

    /// <summary>This process's user and group.</summary>
    public static (uint Uid, uint Gid) Self { get; } = (GetEuid(), GetEgid());

    public static void Chown(string path, int uid, int gid)
    {
        if (LChownNative(path, (uint)uid, (uint)gid) != 0)
            throw Failure($"{path} could not be given to uid {uid}");
    }

    /// <summary>A second name of the same file; false when the file systems differ or allow no more links.</summary>
    public static bool TryHardLink(string from, string to) => LinkNative(from, to) == 0;

    /// <summary>
    /// Opens a file, made where there is none, and waits for its exclusive lock, which ends with the handle. Not .NET's own opening of files:
    /// it takes a shared lock without waiting, and so fails while another holds the exclusive one.
    /// </summary>
    public static SafeFileHandle OpenLocked(string path)
    {
        var fd = CreateNative(path, O_RDWR | O_CREAT | O_CLOEXEC, 0x180); // 0600
        if (fd < 0)
            throw Failure(path);
        var file = new SafeFileHandle(fd, ownsHandle: true);
        while (FlockNative(file, LOCK_EX) != 0)
        {
            if (Marshal.GetLastPInvokeError() == 4) // EINTR
                continue;
            file.Dispose();
            throw Failure($"{path} could not be locked");
        }
        return file;
    }

    /// <summary>Whether a write failed because the disk (ENOSPC) or the quota (EDQUOT) is full.</summary>
    public static bool IsFull(IOException failure) => failure.HResult is 28 or 122;

    public static void Kill(int pid, int signal) => _ = KillNative(pid, signal);

    public static void MakeFifo(string path, UnixFileMode mode)
    {
        if (MakeFifoNative(path, (uint)mode) != 0)
            throw Failure(path);
    }

    /// <summary>For writing, without waiting for a reader; null when nobody reads it.</summary>
    public static SafeFileHandle? TryOpenFifo(string path)
    {
        var fd = OpenNative(path, O_WRONLY | O_NONBLOCK | O_CLOEXEC);
        return fd >= 0 ? new SafeFileHandle(fd, ownsHandle: true) : null;
    }

    /// <summary>A handle that names the file and gives no access to its content.</summary>
    public static SafeFileHandle OpenPath(string path)
    {
        var fd = OpenNative(path, O_PATH | O_CLOEXEC);
        return fd >= 0 ? new SafeFileHandle(fd, ownsHandle: true) : throw Failure(path);
    }

    /// <summary>Opens a path below a directory; no component of it may be a symbolic link. Never waits (a FIFO would).</summary>
    public static SafeFileHandle OpenBeneath(SafeFileHandle directory, string relativePath) =>
        OpenBeneath(directory, relativePath, O_RDONLY | O_NONBLOCK, mode: 0);

    /// <summary>As <see cref="OpenBeneath(SafeFileHandle, string)"/>; the path must be a directory.</summary>
    public static SafeFileHandle OpenDirectoryBeneath(SafeFileHandle directory, string relativePath) =>
        OpenBeneath(directory, relativePath, O_RDONLY | O_DIRECTORY, mode: 0);

    /// <summary>Makes a file in the directory, for writing; a file or link of the name goes first.</summary>
    public static SafeFileHandle ReplaceFile(SafeFileHandle directory, string name, int mode)
    {
        _ = UnlinkAtNative((int)directory.DangerousGetHandle(), name, 0);
        return OpenBeneath(directory, name, O_WRONLY | O_CREAT | O_EXCL, mode);
    }

    /// <summary>Makes a symbolic link in the directory; a file or link of the name goes first.</summary>
    public static void ReplaceLink(SafeFileHandle directory, string name, string target)
    {
        _ = UnlinkAtNative((int)directory.DangerousGetHandle(), name, 0);
        if (SymbolicLinkAtNative(target, (int)directory.DangerousGetHandle(), name) != 0)
            throw Failure(name);
    }

    /// <summary>Of a name in the directory, which may be a link: that is not followed.</summary>
    public static void Chown(SafeFileHandle directory, string name, int uid, int gid)
    {
        if (ChownAtNative((int)directory.DangerousGetHandle(), name, (uint)uid, (uint)gid, AT_SYMLINK_NOFOLLOW) != 0)
            throw Failure($"'{name}' could not be given to uid {uid}");
    }

    /// <summary>False: there is something of the name already.</summary>
    public static bool TryMakeDirectory(SafeFileHandle directory, string name) =>
        MakeDirectoryAtNative((int)directory.DangerousGetHandle(), name, 0x1ED) == 0 // 0755
        || (Marshal.GetLastPInvokeError() == 17 ? false : throw Failure(name)); // EEXIST

    public static void Chown(SafeFileHandle file, int uid, int gid)
    {
        if (FChownNative((int)file.DangerousGetHandle(), (uint)uid, (uint)gid) != 0)
            throw Failure($"A file could not be given to uid {uid}");
    }

    /// <summary>A file or link goes; that there is none is no failure.</summary>
    public static void Remove(SafeFileHandle directory, string name)
    {
        if (UnlinkAtNative((int)directory.DangerousGetHandle(), name, 0) != 0 && Marshal.GetLastPInvokeError() != ENOENT)
            throw Failure(name);
    }

    private static SafeFileHandle OpenBeneath(SafeFileHandle directory, string relativePath, int flags, int mode)
    {
        var how = new OpenHow
        {
            Flags = (ulong)(flags | O_CLOEXEC),
            Mode = (ulong)mode,
            Resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS,
        };
        var path = Marshal.StringToCoTaskMemUTF8(relativePath);
        try
        {
            var fd = SyscallNative(OpenAt2Number, directory.DangerousGetHandle(), path, (nint)(&how), sizeof(OpenHow));
            return fd >= 0 ? new SafeFileHandle((int)fd, ownsHandle: true) : throw Failure(relativePath);
        }
        finally
        {
            Marshal.FreeCoTaskMem(path);
        }
    }

    public static FileFacts Facts(SafeFileHandle file)
    {
        Statx result;
        return StatxNative((int)file.DangerousGetHandle(), "", AT_EMPTY_PATH, STATX_BASIC, &result) == 0
            ? new(result.Mode, result.Uid, result.Gid, (long)result.Size)
            : throw Failure("A file could not be examined");
    }

    /// <summary>Does file access with another user's rights. They belong to the thread, so <paramref name="action"/> must not await.</summary>
    public static T As<T>(int uid, int gid, Func<T> action)
    {
        if (uid < 0)
            return action();
        _ = SetFsGid((uint)gid);
        _ = SetFsUid((uint)uid);
        try
        {
            return action();
        }
        finally
        {
            _ = SetFsUid(0);
            _ = SetFsGid(0);
        }
    }

    /// <summary>Its <see cref="Exception.HResult"/> is the number of the error.</summary>
    private static IOException Failure(string what) => new($"{what}: {Marshal.GetPInvokeErrorMessage(Marshal.GetLastPInvokeError())}", Marshal.GetLastPInvokeError());

    [LibraryImport("libc", EntryPoint = "geteuid")]
    private static partial uint GetEuid();

    [LibraryImport("libc", EntryPoint = "lchown", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int LChownNative(string path, uint uid, uint gid);

    [LibraryImport("libc", EntryPoint = "fchown", SetLastError = true)]
    private static partial int FChownNative(int fd, uint uid, uint gid);

    [LibraryImport("libc", EntryPoint = "mkdirat", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int MakeDirectoryAtNative(int directory, string path, uint mode);

    [LibraryImport("libc", EntryPoint = "unlinkat", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int UnlinkAtNative(int directory, string path, int flags);

    [LibraryImport("libc", EntryPoint = "symlinkat", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int SymbolicLinkAtNative(string target, int directory, string path);

    [LibraryImport("libc", EntryPoint = "fchownat", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int ChownAtNative(int directory, string path, uint uid, uint gid, int flags);

    [LibraryImport("libc", EntryPoint = "mkfifo", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int MakeFifoNative(string path, uint mode);

    [LibraryImport("libc", EntryPoint = "getegid")]
    private static partial uint GetEgid();

    [LibraryImport("libc", EntryPoint = "link", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int LinkNative(string from, string to);

    [LibraryImport("libc", EntryPoint = "flock", SetLastError = true)]
    private static partial int FlockNative(SafeFileHandle file, int operation);

    [LibraryImport("libc", EntryPoint = "kill", SetLastError = true)]
    private static partial int KillNative(int pid, int signal);

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int OpenNative(string path, int flags);

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int CreateNative(string path, int flags, int mode);

    [LibraryImport("libc", EntryPoint = "syscall", SetLastError = true)]
    private static partial nint SyscallNative(nint number, nint arg1, nint arg2, nint arg3, nint arg4);

    [LibraryImport("libc", EntryPoint = "statx", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int StatxNative(int directory, string path, int flags, uint mask, Statx* result);

    [LibraryImport("libc", EntryPoint = "setfsuid")]
    private static partial int SetFsUid(uint uid);

    [LibraryImport("libc", EntryPoint = "setfsgid")]
    private static partial int SetFsGid(uint gid);
}
