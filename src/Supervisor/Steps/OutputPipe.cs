using PRTS.Supervisor.Native;

namespace PRTS.Supervisor.Steps;

/// <summary>The one pipe that takes a step's standard output and error, so that they keep their order.</summary>
internal sealed unsafe class OutputPipe : IDisposable
{
    private const int Capacity = 1 << 20;
    private const int DrainPauseMs = 500;
    private const int Little = 64 << 10;
    private const long BurstMs = 2;
    private const int GatherMs = 1;

    /// <summary>After which a beginning of up to three bytes is no longer held back: programs write their output in fewer.</summary>
    private const int QuietMs = 10;
    private readonly int bell;
    private readonly int bellEnd;
    private readonly int source;
    private int output;

    /// <param name="uid">The step's user, who may open /dev/stdout only if the pipe is his; -1: ours.</param>
    public OutputPipe(int uid, int gid)
    {
        (source, output) = Open();
        (bell, bellEnd) = Open();
        _ = Libc.Fcntl(output, Libc.F_SETPIPE_SZ, Capacity); // A smaller pipe is slower, no more.
        if (uid >= 0 && Libc.Fchown(output, (uint)uid, (uint)gid) != 0)
            throw Libc.Failure("The step's output pipe could not be given to its user");
    }

    /// <summary>The writing end, for the step.</summary>
    public int Output => output;

    public void CloseOutput()
    {
        _ = Libc.Close(output);
        output = -1;
    }

    /// <summary>Moves bytes until every writer has closed, or, after <see cref="Finish"/>, until what the pipe held is read.</summary>
    public void PumpInto(Output target)
    {
        Pump(target);
        target.Finish();
    }

    private void Pump(Output target)
    {
        var buffer = GC.AllocateUninitializedArray<byte>(Capacity, pinned: true);
        var left = long.MaxValue;
        var last = 0L;
        var fds = stackalloc Libc.PollFd[2];
        fixed (byte* start = buffer)
        {
            while (left > 0)
            {
                fds[0] = new() { Fd = source, Events = Libc.POLLIN };
                fds[1] = new() { Fd = left == long.MaxValue ? bell : -1, Events = Libc.POLLIN };
                var ready = Libc.Poll(fds, 2, left != long.MaxValue ? DrainPauseMs : target.Waits ? QuietMs : -1);
                if (ready == 0 && left != long.MaxValue)
                    return;
                if (ready == 0)
                    target.Quiet();
                if (ready > 0 && fds[1].Revents != 0)
                    left = Capacity;
                if (ready <= 0 || fds[0].Revents == 0)
                    continue;
                var count = Libc.Read(source, start, Capacity);
                if (count == 0)
                    return;
                if (count < 0 && Libc.LastError != Libc.EINTR)
                    throw Libc.Failure("The step's output could not be read");
                if (count <= 0)
                    continue;
                target.Append(new ReadOnlySpan<byte>(start, (int)count));
                // Who writes all the time wakes us for every few kilobytes, and both then do little else: let some come together.
                if (count < Little && Environment.TickCount64 - last < BurstMs && left == long.MaxValue)
                    _ = Libc.Poll(fds + 1, 1, GatherMs);
                last = Environment.TickCount64;
                left = left == long.MaxValue ? left : left - count;
            }
        }
    }

    /// <summary>
    /// The step and all its descendants are dead. A process elsewhere may still hold the pipe (it was handed over a socket):
    /// the pump waits for it no longer.
    /// </summary>
    public void Finish()
    {
        byte one = 1;
        _ = Libc.Write(bellEnd, &one, 1);
    }

    public void Dispose()
    {
        foreach (var fd in (ReadOnlySpan<int>)[source, output, bell, bellEnd])
        {
            if (fd >= 0)
                _ = Libc.Close(fd);
        }
    }

    private static (int Read, int Write) Open()
    {
        var fds = stackalloc int[2];
        return Libc.Pipe2(fds, Libc.O_CLOEXEC) == 0 ? (fds[0], fds[1]) : throw Libc.Failure("A pipe could not be made");
    }
}
