using System.Diagnostics;
using System.Net;
using System.Net.Security;
using System.Security.Cryptography.X509Certificates;

namespace PRTS.Egress;

/// <summary>
/// Sends requests to addresses that somebody else chose: every hop is checked against the rules, answers are bounded in size and time,
/// and nothing of this machine (proxies, cookies, credentials, traces) goes along. For any <see cref="HttpClient"/>; give that one an
/// infinite time-out, the handler has its own.
/// </summary>
public sealed class EgressHandler : HttpMessageHandler
{
    private readonly EgressOptions options;
    private readonly TimeProvider clock;
    private readonly HttpMessageInvoker sender;

    public EgressHandler(EgressOptions options, TimeProvider? clock = null)
    {
        this.options = options;
        this.clock = clock ?? TimeProvider.System;
        sender = new HttpMessageInvoker(new SocketsHttpHandler
        {
            ConnectCallback = new PinnedConnections(options).Open,
            ConnectTimeout = options.ConnectTimeout,
            // A proxy would resolve the name again, and reach what we may not.
            UseProxy = false,
            UseCookies = false,
            AllowAutoRedirect = false,
            // What is not unpacked cannot explode.
            AutomaticDecompression = DecompressionMethods.None,
            MaxResponseHeadersLength = 64,
            MaxResponseDrainSize = 0,
            PooledConnectionLifetime = TimeSpan.FromMinutes(1),
            PooledConnectionIdleTimeout = TimeSpan.FromSeconds(20),
            ActivityHeadersPropagator = DistributedContextPropagator.CreateNoOutputPropagator(),
            SslOptions = Trusting(options.Authorities),
        });
    }

    private static SslClientAuthenticationOptions Trusting(X509Certificate2Collection? authorities)
    {
        if (authorities is null) return new();
        var policy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
        policy.CustomTrustStore.AddRange(authorities);
        return new() { CertificateChainPolicy = policy };
    }

    internal static EgressRefusedException TooLarge(Uri asked, long most) =>
        new(EgressReason.Size, $"{asked.GetLeftPart(UriPartial.Authority)} answered with more than {most} bytes.");

    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        var asked = request.RequestUri ?? throw new InvalidOperationException("A request needs an address.");
        Check(asked);
        if (request.Content is { } content) await Keep(content, asked, cancellationToken);
        var deadline = new Deadline(asked, options.Timeout, clock);
        try
        {
            var answer = await Follow(request, deadline, cancellationToken);
            answer.Content = Bounded(answer.Content, deadline);
            answer.RequestMessage ??= request;
            return answer;
        }
        catch
        {
            deadline.Dispose();
            throw;
        }
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing) sender.Dispose();
        base.Dispose(disposing);
    }

    private async Task<HttpResponseMessage> Follow(HttpRequestMessage request, Deadline deadline, CancellationToken cancellationToken)
    {
        var seen = new HashSet<string>(StringComparer.Ordinal);
        for (var hops = 0; ; hops++)
        {
            var here = request.RequestUri!;
            Check(here);
            if (!seen.Add($"{request.Method} {here.AbsoluteUri}")) throw Redirects.Refused(deadline.Asked, $"in a circle, back to {here.GetLeftPart(UriPartial.Path)}");
            if (hops > options.MostRedirects) throw Redirects.Refused(deadline.Asked, $"more than {options.MostRedirects} times");
            // HTTP/3 has connections of its own, which would not be ours.
            request.Version = HttpVersion.Version11;
            request.VersionPolicy = HttpVersionPolicy.RequestVersionExact;
            var sent = request;
            var answer = await deadline.Within(token => Hop(sent, token), cancellationToken);
            if (!Redirects.IsRedirect(answer)) return answer;
            using (answer) request = Redirects.Next(request, answer);
        }
    }

    private async Task<HttpResponseMessage> Hop(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        try
        {
            return await sender.SendAsync(request, cancellationToken);
        }
        catch (HttpRequestException wrapped) when (wrapped is not EgressRefusedException)
        {
            for (Exception? inner = wrapped; inner is not null; inner = inner.InnerException)
            {
                if (inner is EgressRefusedException refused) throw refused;
            }

            if (wrapped.HttpRequestError == HttpRequestError.ConfigurationLimitExceeded)
                throw new EgressRefusedException(EgressReason.Size, $"{request.RequestUri!.GetLeftPart(UriPartial.Authority)} answered with too large a head.", inner: wrapped);
            throw;
        }
    }

    private void Check(Uri address)
    {
        if (!address.IsAbsoluteUri || address.Scheme is not ("http" or "https"))
            throw new EgressRefusedException(EgressReason.Scheme, $"'{(address.IsAbsoluteUri ? address.Scheme : address.OriginalString)}' is not served: give an http or https address.");
        if (address.UserInfo.Length > 0) throw new EgressRefusedException(EgressReason.Scheme, $"The address of {address.IdnHost} has credentials in it: give them apart from the address.");
        if (options.Rules.CheckPort(address.IdnHost.Trim('[', ']'), address.Port) is { } refused) throw refused;
    }

    private async Task Keep(HttpContent content, Uri asked, CancellationToken cancellationToken)
    {
        try
        {
            await content.LoadIntoBufferAsync(options.MostSent, cancellationToken);
        }
        catch (HttpRequestException large)
        {
            throw new EgressRefusedException(EgressReason.Size, $"What is to be sent to {asked.GetLeftPart(UriPartial.Authority)} has more than {options.MostSent} bytes.", inner: large);
        }
    }

    private LimitedContent Bounded(HttpContent content, Deadline deadline)
    {
        if (content.Headers.NonValidated.TryGetValues("Content-Encoding", out var encoding) && !string.Equals(encoding.ToString(), "identity", StringComparison.OrdinalIgnoreCase))
        {
            content.Dispose();
            throw new EgressRefusedException(EgressReason.Encoding, $"{deadline.Asked.GetLeftPart(UriPartial.Authority)} answered compressed ({encoding}), which was not asked for.");
        }

        if (content.Headers.ContentLength > options.MostBytes)
        {
            content.Dispose();
            throw TooLarge(deadline.Asked, options.MostBytes);
        }

        return new LimitedContent(content, options, deadline);
    }
}
