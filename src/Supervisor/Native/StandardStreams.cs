using PRTS.Supervisor.Protocol;

namespace PRTS.Supervisor.Native;

/// <summary>The agent waits for one line on our standard output; after it we hold none of the agent's streams.</summary>
internal static unsafe class StandardStreams
{
    private const int O_RDWR = 2;
    private const int O_WRONLY_CREAT_APPEND = 1 | 0x40 | 0x400;
    private const int PrivateFile = 0x180; // 0600

    public static void ReportReady()
    {
        fixed (byte* line = "ready\n"u8)
            _ = Libc.Write(1, line, 6);
        var nothing = Libc.Open("/dev/null", O_RDWR | Libc.O_CLOEXEC, 0);
        var errors = Libc.Open(JobFiles.SupervisorErrors, O_WRONLY_CREAT_APPEND | Libc.O_CLOEXEC, PrivateFile);
        if (nothing < 0 || errors < 0)
            throw Libc.Failure("The supervisor's streams could not be opened");
        _ = Libc.Dup2(nothing, 0);
        _ = Libc.Dup2(nothing, 1);
        _ = Libc.Dup2(errors, 2);
        _ = Libc.Close(nothing);
        _ = Libc.Close(errors);
    }
}
