using System.Net.Security;
using System.Security.Authentication;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using PRTS.Silo.Configuration;
using PRTS.Web.Gateway;

namespace PRTS.Silo.Gateway;

/// <summary>Kestrel's side of the gateway: the port, TLS, and what a client may take of time and memory before it is anybody.</summary>
public static class GatewayHosting
{
    /// <summary>For the first byte, and for the handshake that it begins.</summary>
    private static readonly TimeSpan Handshake = TimeSpan.FromSeconds(10);

    /// <summary>The first byte of a TLS connection: a record with a handshake.</summary>
    private const byte TlsHandshakeRecord = 0x16;

    public static void AddKestrelGateway(this WebApplicationBuilder builder, ServerOptions options, Certificates? certificates)
    {
        // A variable of the host's would make it believe X-Forwarded-For of everybody: PRTS_TRUSTED_PROXIES alone decides.
        builder.Configuration["ForwardedHeaders_Enabled"] = "false";
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            var limits = kestrel.Limits;
            limits.MaxRequestBodySize = RequestLimits.Body;
            limits.RequestHeadersTimeout = TimeSpan.FromSeconds(15);
            limits.MinRequestBodyDataRate = new MinDataRate(bytesPerSecond: 240, gracePeriod: TimeSpan.FromSeconds(5));
            // Ours are half of these, and are refused with words.
            limits.MaxRequestLineSize = 2 * HeadLimits.Target;
            limits.MaxRequestHeadersTotalSize = 2 * HeadLimits.Fields;
            limits.MaxRequestHeaderCount = 2 * HeadLimits.Count;
            limits.Http2.KeepAlivePingDelay = TimeSpan.FromSeconds(60);
            limits.Http2.KeepAlivePingTimeout = TimeSpan.FromSeconds(20);
            kestrel.Listen(options.Listen, options.Port, listen =>
            {
                if (certificates is not null) UseTls(listen, certificates, options.Tls.AllowsTls12);
            });
        });
    }

    /// <summary>
    /// One port for both: who begins with a TLS handshake gets TLS, anybody else plain HTTP, which is only told to come back with TLS. So an
    /// address stays right when TLS is turned on, and HSTS, which keeps the port, works on any.
    /// </summary>
    private static void UseTls(ListenOptions listen, Certificates certificates, bool allowsTls12)
    {
        listen.Protocols = HttpProtocols.Http1AndHttp2;
        ConnectionDelegate? http = null;
        listen.Use(tls => connection => Choose(connection, tls, http!));
        listen.UseHttps(new TlsHandshakeCallbackOptions
        {
            HandshakeTimeout = Handshake,
            OnConnection = _ => ValueTask.FromResult(new SslServerAuthenticationOptions
            {
                ServerCertificateContext = certificates.Context,
                EnabledSslProtocols = allowsTls12 ? SslProtocols.Tls12 | SslProtocols.Tls13 : SslProtocols.Tls13,
                AllowRenegotiation = false,
            }),
        });
        // What follows TLS is where plain connections go on. It is built first.
        listen.Use(next => http = next);
    }

    private static async Task Choose(ConnectionContext connection, ConnectionDelegate tls, ConnectionDelegate http)
    {
        using var patience = new CancellationTokenSource(Handshake);
        var input = connection.Transport.Input;
        try
        {
            var first = await input.ReadAsync(patience.Token);
            var (isEmpty, isTls) = (first.Buffer.IsEmpty, !first.Buffer.IsEmpty && first.Buffer.FirstSpan[0] == TlsHandshakeRecord);
            input.AdvanceTo(first.Buffer.Start);
            if (isEmpty) return;
            await (isTls ? tls : http)(connection);
        }
        catch (Exception gone) when (gone is ConnectionResetException || (gone is OperationCanceledException && patience.IsCancellationRequested))
        {
            // Who says nothing, or leaves, is let go.
        }
    }
}
