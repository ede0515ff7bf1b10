using System.Net;
using PRTS.Cli.Terminal;

namespace PRTS.Cli.Connection;

/// <summary>
/// Waits as long as a busy server asks for (<c>Retry-After</c> of 429 and 503), and tries again: at most a minute in all for one request. What
/// was refused with 429 was not done; after 503 that is not known, so only what may be repeated is.
/// </summary>
internal sealed class Patience(HttpMessageHandler inner, TimeProvider time, Action<string> tell) : DelegatingHandler(inner)
{
    private static readonly TimeSpan Most = TimeSpan.FromSeconds(60);

    /// <summary>Who is told to come back at once does not come back without end.</summary>
    private static readonly TimeSpan Least = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan Unnoticed = TimeSpan.FromSeconds(1);

    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        var left = Most;
        while (true)
        {
            var response = await base.SendAsync(request, cancellationToken);
            if (!MayRepeat(request.Method, response.StatusCode) || Asked(response) is not { } wait || wait > left) return response;
            response.Dispose();
            left -= wait;
            if (wait > Unnoticed) tell($"the server is busy and asks to wait: trying again in {Say.Duration(wait)}");
            await Task.Delay(wait, time, cancellationToken);
        }
    }

    private static bool MayRepeat(HttpMethod method, HttpStatusCode status) => status switch
    {
        HttpStatusCode.TooManyRequests => true,
        HttpStatusCode.ServiceUnavailable => method == HttpMethod.Get || method == HttpMethod.Head || method == HttpMethod.Put || method == HttpMethod.Delete,
        _ => false,
    };

    /// <summary>Null: the server does not say.</summary>
    private TimeSpan? Asked(HttpResponseMessage response) =>
        (response.Headers.RetryAfter?.Delta ?? response.Headers.RetryAfter?.Date - time.GetUtcNow()) is { } wait ? (wait < Least ? Least : wait) : null;
}
