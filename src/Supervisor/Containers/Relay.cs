using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using PRTS.Supervisor.Native;
using PRTS.Supervisor.Protocol;

namespace PRTS.Supervisor.Containers;

/// <summary>
/// Stands here for a step that runs in a container: has the container's first process run it, passes its output on, and ends as it
/// ended. SIGTERM becomes a SIGTERM to the step. When the container ends before the step, so does this process, by SIGKILL.
/// </summary>
internal static unsafe class Relay
{
    private const int PipeSize = 1 << 20;

    /// <param name="directory">With the FIFOs of <see cref="ContainerFiles"/>.</param>
    /// <param name="shared">Other steps run at the same time: signals are for this one's processes alone.</param>
    public static int Run(string directory, int step, bool shared)
    {
        // Open for both directions: nothing waits for the other side, and what it writes stays until it is read.
        var control = Open(directory, ContainerFiles.Control, Libc.O_RDWR);
        var exit = Open(directory, ContainerFiles.Exit(step), Libc.O_RDWR | Libc.O_NONBLOCK);
        var output = Open(directory, ContainerFiles.Output(step), Libc.O_NONBLOCK);
        _ = Libc.Fcntl(output, Libc.F_SETPIPE_SZ, PipeSize);
        using var term = PosixSignalRegistration.Create(PosixSignal.SIGTERM, context =>
        {
            context.Cancel = true;
            Write(control, shared ? string.Create(CultureInfo.InvariantCulture, $"kill TERM {step}\n") : "kill TERM\n");
        });
        Write(control, string.Create(CultureInfo.InvariantCulture, $"run {step}{(shared ? " shared" : "")}\n"));
        PassOn(output);
        return ReadExit(exit) ?? Vanish();
    }

    /// <summary>Until no one has it open for writing any more. Before the first one has, poll reports nothing.</summary>
    private static void PassOn(int output)
    {
        while (true)
        {
            var state = new Libc.PollFd { Fd = output, Events = Libc.POLLIN };
            if (Libc.Poll(&state, 1, -1) < 0)
            {
                if (Libc.LastError == Libc.EINTR)
                    continue;
                throw Libc.Failure("Waiting for the step's output failed");
            }
            if ((state.Revents & Libc.POLLIN) == 0)
                return;
            if (Libc.Splice(output, null, 1, null, PipeSize, 0) < 0 && Libc.LastError is not (Libc.EINTR or Libc.EAGAIN))
                throw Libc.Failure("Passing the step's output on failed");
        }
    }

    private static int? ReadExit(int exit)
    {
        var text = stackalloc byte[16];
        var count = Libc.Read(exit, text, 16);
        return count > 0 && byte.TryParse(Encoding.ASCII.GetString(text, (int)count).AsSpan().Trim(), NumberStyles.None, CultureInfo.InvariantCulture, out var code) ? code : null;
    }

    private static int Vanish()
    {
        _ = Libc.Kill(Environment.ProcessId, Libc.SIGKILL);
        return 255;
    }

    private static int Open(string directory, string name, int flags)
    {
        var fd = Libc.Open(Path.Combine(directory, name), flags | Libc.O_CLOEXEC, 0);
        return fd >= 0 ? fd : throw Libc.Failure(Path.Combine(directory, name));
    }

    private static void Write(int fd, string line)
    {
        var bytes = Encoding.ASCII.GetBytes(line);
        fixed (byte* start = bytes)
            _ = Libc.Write(fd, start, (nuint)bytes.Length); // At most 4096 bytes are written whole.
    }
}
