using System.Globalization;
using System.Net.Sockets;
using PRTS.Execution.Jobs;
using PRTS.Execution.Native;
using PRTS.Supervisor.Protocol;

namespace PRTS.Execution.Supervision;

/// <summary>
/// The agent's end of the control socket. Journal and spool files are the truth; the socket carries commands and tells when to look.
/// A supervisor that ended leaves both files, and this client goes on serving them.
/// </summary>
internal sealed class SupervisorClient : IAsyncDisposable
{
    private static readonly TimeSpan BetweenTries = TimeSpan.FromMilliseconds(50);
    private const int StartingTries = 200;
    private readonly JobDirectory directory;
    private readonly JobSecrets secrets;
    private readonly TimeProvider clock;
    private readonly SemaphoreSlim sending = new(1);
    private readonly CancellationTokenSource closing = new();
    private readonly Signal changed = new();
    private readonly Signal grown = new();
    private readonly TaskCompletionSource known = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private Socket? socket;
    private Task receiving = Task.CompletedTask;
    private long logLength;
    private long acknowledged;

    private SupervisorClient(JobDirectory directory, JobSecrets secrets, TimeProvider clock) => (this.directory, this.secrets, this.clock) = (directory, secrets, clock);

    /// <summary>Done at the next change of anything here but <see cref="LogLength"/>. Take it before looking.</summary>
    public Task Changed => changed.Next;

    /// <summary>Done at the next change of anything here. Take it before looking.</summary>
    public Task ChangedOrGrown => grown.Next;

    /// <summary>Bytes in the spool, all trimmed ones included.</summary>
    public long LogLength => Volatile.Read(ref logLength);

    public SpoolState Spool { get; private set; }

    public IReadOnlyList<JournalRecord> Journal { get; private set; } = [];

    /// <summary>True when the supervisor's process has ended: nothing will change any more.</summary>
    public bool IsGone { get; private set; }

    /// <summary>Connects to the job's supervisor and learns what it has done so far; when it has ended, <see cref="IsGone"/> is true.</summary>
    /// <param name="secrets">Told to it before anything else: it masks them in all that steps write from then on.</param>
    public static async Task<SupervisorClient> Connect(JobDirectory directory, JobSecrets secrets, TimeProvider clock, CancellationToken ct)
    {
        var client = new SupervisorClient(directory, secrets, clock);
        try
        {
            await client.ConnectOrConclude(ct);
            client.receiving = client.IsGone ? Task.CompletedTask : client.Receive();
            // Not before the first notice: an empty journal would look like a job that has not begun.
            await client.known.Task.WaitAsync(ct);
            return client;
        }
        catch
        {
            await client.DisposeAsync();
            throw;
        }
    }

    /// <summary>Lets everyone who waits for a change look again.</summary>
    public void Nudge()
    {
        changed.Fire();
        grown.Fire();
    }

    /// <summary>All before the offset is durable. Said again after each reconnection: a supervisor that has not heard it might wait for ever with a full spool.</summary>
    public Task Acknowledge(long durable)
    {
        Volatile.Write(ref acknowledged, durable);
        return Send(Frames.Acknowledge(durable));
    }

    /// <summary>Sends a command; when the supervisor is gone, nothing happens: <see cref="IsGone"/> tells.</summary>
    public async Task Send(byte[] frame)
    {
        await sending.WaitAsync(closing.Token);
        try
        {
            if (socket is { } open)
                await open.SendAsync(frame, SocketFlags.None, closing.Token);
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // The receiver sees the same end and concludes; a command repeated after a reconnection is harmless.
        }
        finally
        {
            sending.Release();
        }
    }

    public async ValueTask DisposeAsync()
    {
        await closing.CancelAsync();
        socket?.Dispose();
        await receiving;
        closing.Dispose();
        sending.Dispose();
    }

    private async Task Receive()
    {
        try
        {
            await ReceiveUntilGone();
        }
        catch (FormatException e)
        {
            // A journal of another version: whoever waits for the first notice must not wait for ever.
            known.TrySetException(e);
        }
    }

    private async Task ReceiveUntilGone()
    {
        while (!IsGone && !closing.IsCancellationRequested)
        {
            try
            {
                await ReceiveStatuses();
            }
            catch (Exception e) when (e is SocketException or IOException or ObjectDisposedException or OperationCanceledException)
            {
                if (closing.IsCancellationRequested)
                    return;
            }
            try
            {
                await ConnectOrConclude(closing.Token);
                if (Volatile.Read(ref acknowledged) is > 0 and var durable)
                    await Send(Frames.Acknowledge(durable));
            }
            catch (OperationCanceledException)
            {
                return;
            }
        }
    }

    private async Task ReceiveStatuses()
    {
        var frame = new byte[Frames.StatusSize];
        long journalLength = -1;
        using var stream = new NetworkStream(socket!);
        while (await stream.ReadAtLeastAsync(frame, frame.Length, throwOnEndOfStream: false, closing.Token) == frame.Length)
        {
            var status = Frames.ReadStatus(frame.AsSpan(Frames.HeaderSize));
            Volatile.Write(ref logLength, status.LogLength);
            var grownOnly = status.JournalLength == journalLength && status.Spool == Spool;
            Spool = status.Spool;
            // No further than this notice tells: the file may by now tell of a step's end, whose last bytes this notice does not count.
            if (status.JournalLength != journalLength)
                Journal = directory.ReadJournal(status.JournalLength);
            journalLength = status.JournalLength;
            known.TrySetResult();
            grown.Fire();
            if (!grownOnly)
                changed.Fire();
        }
    }

    private async Task ConnectOrConclude(CancellationToken ct)
    {
        for (var tries = 0; ; tries++)
        {
            // Alive is asked before the attempt: a supervisor that ends between the two is seen as dead in the next round.
            var alive = directory.Supervisor() is { IsAlive: true };
            socket?.Dispose();
            socket = await TryConnect(ct);
            if (socket is not null)
                return;
            // Without a pid file it may be just starting, its agent killed a moment ago.
            if (!alive && (directory.Supervisor() is not null || !directory.HasSupervisor || tries >= StartingTries))
                break;
            await Task.Delay(BetweenTries, clock, ct);
        }
        Journal = directory.ReadJournal();
        Volatile.Write(ref logLength, SpoolReader.LengthOf(directory.Spool));
        IsGone = true;
        known.TrySetResult();
        Nudge();
    }

    private static async Task SendWhole(Socket socket, ReadOnlyMemory<byte> frame, CancellationToken ct)
    {
        while (!frame.IsEmpty)
            frame = frame[await socket.SendAsync(frame, SocketFlags.None, ct)..];
    }

    /// <summary>A socket's path may have 107 bytes at most; through a descriptor of the directory it always fits.</summary>
    private async Task<Socket?> TryConnect(CancellationToken ct)
    {
        using var opened = Linux.OpenPath(directory.Path);
        var candidate = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            var path = string.Create(CultureInfo.InvariantCulture, $"/proc/self/fd/{opened.DangerousGetHandle()}/{JobFiles.ControlSocket}");
            await candidate.ConnectAsync(new UnixDomainSocketEndPoint(path), ct);
            // On this connection no command can come before them.
            if (secrets.Values.Count > 0)
                await SendWhole(candidate, Frames.Mask(secrets.Values), ct);
            return candidate;
        }
        catch (SocketException)
        {
            candidate.Dispose();
            return null;
        }
    }
}
