using System.Net;
using System.Net.Sockets;

namespace PRTS.Cli.Up;

internal static class Ports
{
    /// <summary>Throws when one of the ports that the server needs is taken.</summary>
    public static void Check(UpOptions options)
    {
        if (!IsFree(options.Listen, options.Port, out var why))
        {
            throw new UserError($"Port {options.Port} on {options.Listen} {why}. Choose another one: {Installation.Command} up --port {Suggest(options.Port)}");
        }

        foreach (var (port, variable) in new[] { (options.SiloPort, "PRTS_SILO_PORT"), (options.GatewayPort, "PRTS_GATEWAY_PORT") })
        {
            if (!IsFree(IPAddress.Any, port, out why))
            {
                throw new UserError($"Port {port}, which the cluster needs ({variable}), {why}. Choose another one with {variable}, or move all: {Installation.Command} up --port {Suggest(options.Port)}");
            }
        }
    }

    private static int Suggest(int port) => port + 10 < 65533 ? port + 10 : 5080;

    private static bool IsFree(IPAddress address, int port, out string why)
    {
        try
        {
            using var socket = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
            socket.Bind(new IPEndPoint(address, port));
            socket.Listen();
            why = "";
            return true;
        }
        catch (SocketException error)
        {
            why = error.SocketErrorCode switch
            {
                SocketError.AddressAlreadyInUse => "is in use by another program",
                SocketError.AccessDenied => "needs root",
                SocketError.AddressNotAvailable => "cannot be used: this machine has no such address",
                _ => $"cannot be used ({error.Message})",
            };
            return false;
        }
    }
}
