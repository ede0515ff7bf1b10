using System.Net;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace PRTS.Execution.Native;

/// <summary>The kernel's routing rules (<c>ip rule</c>), changed over netlink. Needs root.</summary>
internal static partial class RoutingRules
{
    private const int AF_NETLINK = 16;
    private const int SOCK_RAW = 3;
    private const int SOCK_CLOEXEC = 0x80000;
    private const ushort RTM_NEWRULE = 32;
    private const ushort RTM_DELRULE = 33;
    private const ushort NLM_F_REQUEST = 1;
    private const ushort NLM_F_ACK = 4;
    private const ushort NLM_F_EXCL = 0x200;
    private const ushort NLM_F_CREATE = 0x400;
    private const byte FR_ACT_PROHIBIT = 8;
    private const ushort FRA_DST = 1;
    private const ushort FRA_SRC = 2;
    private const ushort FRA_PRIORITY = 6;
    private const ushort FRA_UID_RANGE = 20;
    private const ushort FRA_IP_PROTO = 22;
    private const int ENOENT = 2;
    private const int EEXIST = 17;

    /// <summary>Before the machine's own rules of main and default (32766), and after those for its own addresses (0).</summary>
    private const uint Priority = 1000;

    private static readonly IPNetwork LinkLocal = new(new IPAddress([169, 254, 0, 0]), 16);

    /// <summary>
    /// What comes from these addresses does not reach 169.254.0.0/16 over TCP; a connection fails at once. Not UDP: some clouds have
    /// their name server there. Harmless when it is so already.
    /// </summary>
    /// <exception cref="IOException">The kernel refuses.</exception>
    public static void ProhibitLinkLocal(IPNetwork from)
    {
        if (Change(RTM_NEWRULE, NLM_F_CREATE | NLM_F_EXCL, from, null) is not (0 or EEXIST) and var error)
            throw new IOException(Marshal.GetPInvokeErrorMessage(error));
    }

    /// <summary>The same for what processes of these users send from this machine itself.</summary>
    /// <exception cref="IOException">The kernel refuses.</exception>
    public static void ProhibitLinkLocal(int firstUid, int lastUid)
    {
        if (Change(RTM_NEWRULE, NLM_F_CREATE | NLM_F_EXCL, null, (firstUid, lastUid)) is not (0 or EEXIST) and var error)
            throw new IOException(Marshal.GetPInvokeErrorMessage(error));
    }

    /// <summary>Undoes <see cref="ProhibitLinkLocal(IPNetwork)"/>; harmless when there is nothing to undo.</summary>
    /// <exception cref="IOException">The kernel refuses.</exception>
    public static void AllowLinkLocal(IPNetwork from)
    {
        if (Change(RTM_DELRULE, 0, from, null) is not (0 or ENOENT) and var error)
            throw new IOException(Marshal.GetPInvokeErrorMessage(error));
    }

    /// <returns>The kernel's error number; 0 is success.</returns>
    private static int Change(ushort type, ushort flags, IPNetwork? from, (int First, int Last)? users)
    {
        // struct nlmsghdr, struct fib_rule_hdr, attributes; in the machine's byte order, addresses in the network's.
        var message = new List<byte>(new byte[16 + 12]);
        message[16] = (byte)System.Net.Sockets.AddressFamily.InterNetwork;
        message[17] = (byte)LinkLocal.PrefixLength;
        message[18] = (byte)(from?.PrefixLength ?? 0);
        message[23] = FR_ACT_PROHIBIT;
        Attribute(message, FRA_DST, LinkLocal.BaseAddress.GetAddressBytes());
        if (from is { } network)
            Attribute(message, FRA_SRC, network.BaseAddress.GetAddressBytes());
        if (users is { } range)
            Attribute(message, FRA_UID_RANGE, [.. BitConverter.GetBytes(range.First), .. BitConverter.GetBytes(range.Last)]);
        Attribute(message, FRA_PRIORITY, BitConverter.GetBytes(Priority));
        Attribute(message, FRA_IP_PROTO, [(byte)System.Net.Sockets.ProtocolType.Tcp]);
        var bytes = message.ToArray();
        BitConverter.TryWriteBytes(bytes.AsSpan(0), (uint)bytes.Length);
        BitConverter.TryWriteBytes(bytes.AsSpan(4), type);
        BitConverter.TryWriteBytes(bytes.AsSpan(6), (ushort)(NLM_F_REQUEST | NLM_F_ACK | flags));
        return Ask(bytes);
    }

    private static void Attribute(List<byte> message, ushort type, ReadOnlySpan<byte> value)
    {
        message.AddRange(BitConverter.GetBytes((ushort)(4 + value.Length)));
        message.AddRange(BitConverter.GetBytes(type));
        message.AddRange(value);
        while (message.Count % 4 != 0)
            message.Add(0);
    }

    private static int Ask(byte[] message)
    {
        using var socket = new SafeFileHandle(SocketNative(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, 0), ownsHandle: true);
        var answer = new byte[1024];
        if (socket.IsInvalid || SendNative((int)socket.DangerousGetHandle(), message, message.Length, 0) < 0)
            return Marshal.GetLastPInvokeError();
        // NLMSG_ERROR: after the header the negated error number; 0 acknowledges.
        return ReceiveNative((int)socket.DangerousGetHandle(), answer, answer.Length, 0) < 20 ? Marshal.GetLastPInvokeError() : -BitConverter.ToInt32(answer, 16);
    }

    [LibraryImport("libc", EntryPoint = "socket", SetLastError = true)]
    private static partial int SocketNative(int family, int type, int protocol);

    [LibraryImport("libc", EntryPoint = "send", SetLastError = true)]
    private static partial nint SendNative(int socket, byte[] data, nint length, int flags);

    [LibraryImport("libc", EntryPoint = "recv", SetLastError = true)]
    private static partial nint ReceiveNative(int socket, byte[] data, nint length, int flags);
}
