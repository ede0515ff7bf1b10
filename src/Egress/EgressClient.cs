namespace PRTS.Egress;

/// <summary>The one way out for requests that are made for a user: webhooks, external repositories, metadata of identity providers.</summary>
public sealed class EgressClient : IDisposable
{
    public EgressClient(EgressOptions options, TimeProvider? clock = null) =>
        Http = new HttpClient(new EgressHandler(options, clock)) { Timeout = Timeout.InfiniteTimeSpan };

    /// <summary>For libraries that want an <see cref="HttpClient"/>. It refuses by <see cref="EgressRefusedException"/>.</summary>
    public HttpClient Http { get; }

    /// <summary>The answer as soon as its head is there; its body is bounded, too. Dispose of it.</summary>
    /// <exception cref="EgressRefusedException">The address, a redirect or the answer is not allowed; the message says what, and which setting would allow it.</exception>
    /// <exception cref="HttpRequestException">The other side does not answer, or not as HTTP says.</exception>
    public Task<HttpResponseMessage> Send(HttpRequestMessage request, CancellationToken cancellationToken = default) =>
        Http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken);

    public void Dispose() => Http.Dispose();
}
