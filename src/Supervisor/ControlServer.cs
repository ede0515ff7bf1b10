using System.Net.Sockets;
using PRTS.Supervisor.Protocol;

namespace PRTS.Supervisor;

/// <summary>Serves one agent at a time on the control socket; a newer connection replaces the older.</summary>
internal sealed class ControlServer(JobSupervisor supervisor, Bell bell)
{
    private const int SendTimeoutMs = 10_000;
    private static readonly TimeSpan Look = TimeSpan.FromMinutes(1);
    private Socket? agent;

    /// <summary>Relative, because a socket's whole path may have at most 107 bytes.</summary>
    public static Socket Listen()
    {
        File.Delete(JobFiles.ControlSocket);
        var listener = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        listener.Bind(new UnixDomainSocketEndPoint(JobFiles.ControlSocket));
        listener.Listen(4);
        return listener;
    }

    public void Serve(Socket listener)
    {
        while (true)
        {
            if (!listener.Poll(Look, SelectMode.SelectRead))
            {
                supervisor.LeaveIfForgotten();
                continue;
            }
            if (Accept(listener) is not { } next)
                continue;
            next.SendTimeout = SendTimeoutMs;
            var previous = Interlocked.Exchange(ref agent, next);
            previous?.Dispose();
            bell.Wake();
            StartThread("notices", () => SendNotices(next));
            StartThread("commands", () => TakeCommands(next));
        }
    }

    /// <summary>A connection that comes to nothing must not end the supervisor, and with it the step.</summary>
    private static Socket? Accept(Socket listener)
    {
        try
        {
            return listener.Accept();
        }
        catch (SocketException e)
        {
            Console.Error.WriteLine($"An agent's connection could not be taken: {e.Message}");
            return null;
        }
    }

    private static void StartThread(string name, Action body) => new Thread(() => body()) { Name = name, IsBackground = true }.Start();

    private void SendNotices(Socket socket)
    {
        Span<byte> frame = stackalloc byte[Frames.StatusSize];
        long seen = 0, toldAt = 0;
        while (bell.Next(ref seen, ref toldAt, () => agent != socket) is { } status)
        {
            Frames.WriteStatus(frame, status);
            try
            {
                socket.Send(frame);
            }
            catch (Exception e) when (e is SocketException or ObjectDisposedException)
            {
                Drop(socket);
                return;
            }
        }
    }

    private void TakeCommands(Socket socket)
    {
        try
        {
            using var stream = new NetworkStream(socket);
            while (Frames.Read(stream) is var (kind, payload))
                supervisor.Do(kind, payload);
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException or InvalidDataException)
        {
            Console.Error.WriteLine($"The agent's connection broke: {e.Message}");
        }
        Drop(socket);
    }

    private void Drop(Socket socket)
    {
        Interlocked.CompareExchange(ref agent, null, socket);
        socket.Dispose();
        bell.Wake();
    }
}
