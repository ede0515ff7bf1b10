using System.Runtime.InteropServices;
using System.Text;
using PRTS.Supervisor.Protocol;

namespace PRTS.Supervisor.Native;

/// <summary>
/// Starts a step's process: a new session, standard input from /dev/null, output and errors into one pipe, default signals,
/// exactly the given environment, and another user's rights.
/// </summary>
/// <remarks>
/// Rights belong to threads in Linux. A thread of its own gives up root with raw system calls and then spawns, so that no program
/// runs as root with an environment that the pipeline's author wrote (LD_PRELOAD would make such a program his). The memory that the
/// spawning child shares with us for a moment is safe: a change of user makes it undumpable, which bars tracing.
/// </remarks>
internal static unsafe class Spawn
{
    private const short POSIX_SPAWN_SETSIGDEF = 0x04;
    private const short POSIX_SPAWN_SETSIGMASK = 0x08;
    private const short POSIX_SPAWN_SETSID = 0x80;

    // The largest known size of posix_spawn's opaque structures is 336 bytes (glibc).
    private const int OpaqueSize = 1024;

    /// <summary>Returns the pid, or the errno as a negative number.</summary>
    public static int Start(RunStep step, int output)
    {
        var result = 0;
        var thread = new Thread(() => result = (HostNames.Apply() is > 0 and var failed ? failed : DropRights(step)) is > 0 and var error ? -error : SpawnHere(step, output)) { Name = "spawn", IsBackground = true };
        thread.Start();
        thread.Join();
        return result;
    }

    private static int DropRights(RunStep step)
    {
        if (step.Uid < 0)
            return 0;
        var (setGroups, setResGid, setResUid) = RuntimeInformation.ProcessArchitecture switch
        {
            Architecture.X64 => (116, 119, 117),
            Architecture.Arm64 => (159, 149, 147),
            var other => throw new PlatformNotSupportedException($"Job users are not supported on {other}."),
        };
        if (Libc.Syscall(setGroups, 0, 0, 0) != 0
            || Libc.Syscall(setResGid, step.Gid, step.Gid, step.Gid) != 0
            || Libc.Syscall(setResUid, step.Uid, step.Uid, step.Uid) != 0
            || Libc.Prctl(Libc.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
            return Libc.LastError;
        return 0;
    }

    private static int SpawnHere(RunStep step, int output)
    {
        var actions = stackalloc byte[OpaqueSize];
        var attributes = stackalloc byte[OpaqueSize];
        var signals = stackalloc byte[OpaqueSize];
        Check(Libc.ActionsInit(actions));
        Check(Libc.AttributesInit(attributes));
        var argv = Strings(step.Argv);
        var environment = Strings(step.Environment);
        try
        {
            Check(Libc.ActionsAddOpen(actions, 0, "/dev/null", 0, 0));
            Check(Libc.ActionsAddDup2(actions, output, 1));
            Check(Libc.ActionsAddDup2(actions, output, 2));
            Check(Libc.ActionsAddChdir(actions, step.WorkingDirectory));
            Check(Libc.AttributesSetFlags(attributes, POSIX_SPAWN_SETSID | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK));
            Check(Libc.SigFillSet(signals));
            Check(Libc.AttributesSetSigDefault(attributes, signals));
            Check(Libc.SigEmptySet(signals));
            Check(Libc.AttributesSetSigMask(attributes, signals));
            int pid;
            var error = Libc.PosixSpawn(&pid, argv[0], actions, attributes, argv, environment);
            return error == 0 ? pid : -error;
        }
        finally
        {
            Free(argv);
            Free(environment);
            _ = Libc.ActionsDestroy(actions);
            _ = Libc.AttributesDestroy(attributes);
        }
    }

    private static byte** Strings(IReadOnlyList<string> list)
    {
        var array = (byte**)NativeMemory.AllocZeroed((nuint)(list.Count + 1), (nuint)sizeof(byte*));
        for (var i = 0; i < list.Count; i++)
        {
            var bytes = Encoding.UTF8.GetBytes(list[i]);
            array[i] = (byte*)NativeMemory.AllocZeroed((nuint)bytes.Length + 1);
            bytes.CopyTo(new Span<byte>(array[i], bytes.Length));
        }
        return array;
    }

    private static void Free(byte** array)
    {
        for (var item = array; *item != null; item++)
            NativeMemory.Free(*item);
        NativeMemory.Free(array);
    }

    private static void Check(int error)
    {
        if (error != 0)
            throw new InvalidOperationException($"posix_spawn's preparation failed: {Marshal.GetPInvokeErrorMessage(error)}");
    }
}
