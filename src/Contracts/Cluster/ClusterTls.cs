using System.Buffers;
using System.IO.Pipelines;
using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Connections;
using Orleans.Configuration;
using Orleans.Hosting;

namespace PRTS.Contracts.Cluster;

/// <summary>Mutual TLS 1.3 between silos: both ends show a certificate of the cluster's own authority (docs/adr/0001).</summary>
public static class ClusterTls
{
    private static readonly TimeSpan HandshakeTimeout = TimeSpan.FromSeconds(5);

    /// <param name="own">This silo's certificate with its private key.</param>
    /// <param name="authority">The cluster's authority, the only root that is trusted.</param>
    public static ISiloBuilder UseClusterTls(this ISiloBuilder silo, X509Certificate2 own, X509Certificate2 authority)
    {
        var context = SslStreamCertificateContext.Create(own, [authority], offline: true);
        return silo.Configure<SiloConnectionOptions>(options =>
        {
            options.ConfigureSiloInboundConnection(b => b.Use(next => connection => AsServer(connection, next, context, authority)));
            options.ConfigureGatewayInboundConnection(b => b.Use(next => connection => AsServer(connection, next, context, authority)));
            options.ConfigureSiloOutboundConnection(b => b.Use(next => connection => AsClient(connection, next, context, authority)));
        });
    }

    private static Task AsServer(ConnectionContext connection, ConnectionDelegate next, SslStreamCertificateContext own, X509Certificate2 authority) =>
        Wrap(connection, next, (stream, cancel) => stream.AuthenticateAsServerAsync(
            new SslServerAuthenticationOptions
            {
                ServerCertificateContext = own,
                ClientCertificateRequired = true,
                EnabledSslProtocols = SslProtocols.Tls13,
                CertificateRevocationCheckMode = X509RevocationMode.NoCheck,
                RemoteCertificateValidationCallback = (_, certificate, _, _) => IsOfCluster(certificate, authority),
            },
            cancel));

    private static Task AsClient(ConnectionContext connection, ConnectionDelegate next, SslStreamCertificateContext own, X509Certificate2 authority) =>
        Wrap(connection, next, (stream, cancel) => stream.AuthenticateAsClientAsync(
            new SslClientAuthenticationOptions
            {
                TargetHost = "prts-silo",
                ClientCertificateContext = own,
                EnabledSslProtocols = SslProtocols.Tls13,
                CertificateRevocationCheckMode = X509RevocationMode.NoCheck,
                RemoteCertificateValidationCallback = (_, certificate, _, _) => IsOfCluster(certificate, authority),
            },
            cancel));

    private static async Task Wrap(ConnectionContext connection, ConnectionDelegate next, Func<SslStream, CancellationToken, Task> authenticate)
    {
        var inner = connection.Transport;
        await using var stream = new SslStream(new DuplexStream(inner), leaveInnerStreamOpen: false);
        using (var handshake = CancellationTokenSource.CreateLinkedTokenSource(connection.ConnectionClosed))
        {
            handshake.CancelAfter(HandshakeTimeout);
            try
            {
                await authenticate(stream, handshake.Token);
            }
            catch (Exception failure) when (failure is AuthenticationException or IOException or OperationCanceledException)
            {
                throw new ConnectionAbortedException(
                    $"No TLS with the silo at {connection.RemoteEndPoint}: {failure.Message} A silo is admitted with a certificate of this cluster only.", failure);
            }
        }

        try
        {
            connection.Transport = new StreamDuplexPipe(stream);
            await next(connection);
        }
        finally
        {
            connection.Transport = inner;
        }
    }

    private static bool IsOfCluster(X509Certificate? certificate, X509Certificate2 authority)
    {
        if (certificate is not X509Certificate2 peer)
            return false;
        using var chain = new X509Chain();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.CustomTrustStore.Add(authority);
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        return chain.Build(peer);
    }

    private sealed class StreamDuplexPipe(Stream stream) : IDuplexPipe
    {
        private const int BufferSize = 32 * 1024;

        public PipeReader Input { get; } = PipeReader.Create(stream, new StreamPipeReaderOptions(bufferSize: BufferSize, minimumReadSize: 4096, leaveOpen: true));

        public PipeWriter Output { get; } = PipeWriter.Create(stream, new StreamPipeWriterOptions(minimumBufferSize: BufferSize, leaveOpen: true));
    }

    /// <summary>The two pipes of a connection as one stream, which is what <see cref="SslStream"/> works on.</summary>
    private sealed class DuplexStream(IDuplexPipe pipe) : Stream
    {
        private readonly Stream input = pipe.Input.AsStream(leaveOpen: true);
        private readonly Stream output = pipe.Output.AsStream(leaveOpen: true);

        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => true;

        public override long Length => throw new NotSupportedException();

        public override long Position
        {
            get => throw new NotSupportedException();
            set => throw new NotSupportedException();
        }

        public override void Flush() => output.Flush();

        public override Task FlushAsync(CancellationToken cancellationToken) => output.FlushAsync(cancellationToken);

        public override int Read(byte[] buffer, int offset, int count) => input.Read(buffer, offset, count);

        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) => input.ReadAsync(buffer, cancellationToken);

        public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) => input.ReadAsync(buffer, offset, count, cancellationToken);

        public override void Write(byte[] buffer, int offset, int count) => output.Write(buffer, offset, count);

        public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default) => output.WriteAsync(buffer, cancellationToken);

        public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) => output.WriteAsync(buffer, offset, count, cancellationToken);

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();
    }
}
