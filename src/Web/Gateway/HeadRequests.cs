using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Http.Timeouts;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.Routing.Template;
using Microsoft.Extensions.DependencyInjection;

namespace PRTS.Web.Gateway;

/// <summary>
/// HEAD is answered as GET is, without the body, wherever programs may GET (RFC 9110, 9.1). Endpoints are not asked twice: the request becomes a GET
/// before it is routed, and what is written then goes nowhere.
/// </summary>
public static class HeadRequests
{
    private static readonly string[] Paths = ["/.well-known", "/api", "/openapi", "/schemas"];

    /// <summary>Before routing.</summary>
    public static IApplicationBuilder UseHeadAsGet(this IApplicationBuilder app, GatewayOptions options) => app.Use((http, next) =>
        HttpMethods.IsHead(http.Request.Method) && Paths.Any(path => http.Request.Path.StartsWithSegments(path, StringComparison.OrdinalIgnoreCase)) && !HasOwn(http) ? AsGet(http, next, options) : next(http));

    private static async Task AsGet(HttpContext http, RequestDelegate next, GatewayOptions options)
    {
        http.Request.Method = HttpMethods.Get;
        var (gone, body) = (http.RequestAborted, http.Features.GetRequiredFeature<IHttpResponseBodyFeature>());
        using var enough = CancellationTokenSource.CreateLinkedTokenSource(gone);
        enough.CancelAfter(options.ApiTimeout);
        http.RequestAborted = enough.Token;
        await using var nothing = new NoBody(Begin);
        http.Features.Set<IHttpResponseBodyFeature>(new StreamResponseBodyFeature(nothing, body));
        try
        {
            await next(http);
            // It was given up before it began.
            if (enough.IsCancellationRequested && !gone.IsCancellationRequested && !http.Response.HasStarted) http.Response.StatusCode = StatusCodes.Status504GatewayTimeout;
        }
        catch (OperationCanceledException) when (enough.IsCancellationRequested && http.Response.HasStarted)
        {
            // Nothing is missing: the head is on its way.
        }
        finally
        {
            http.Features.Set(body);
            http.RequestAborted = gone;
        }

        // Files and streams, of which some never end, have said all that is asked for when they begin.
        async Task Begin()
        {
            if (enough.IsCancellationRequested || http.GetEndpoint()?.Metadata.GetMetadata<DisableRequestTimeoutAttribute>() is null) return;
            await body.StartAsync(CancellationToken.None);
            await enough.CancelAsync();
        }
    }

    /// <summary>Whether an endpoint there means something of its own by HEAD, as uploads do.</summary>
    private static bool HasOwn(HttpContext http) => http.RequestServices.GetRequiredService<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>().Any(endpoint =>
        endpoint.Metadata.GetMetadata<IHttpMethodMetadata>()?.HttpMethods is [var only] && HttpMethods.IsHead(only) && new TemplateMatcher(new RouteTemplate(endpoint.RoutePattern), []).TryMatch(http.Request.Path, []));

    /// <summary>Takes what is written to nowhere.</summary>
    private sealed class NoBody(Func<Task> begin) : Stream
    {
        public override bool CanRead => false;
        public override bool CanSeek => false;
        public override bool CanWrite => true;
        public override long Length => throw new NotSupportedException();
        public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

        public override void Flush()
        {
        }

        public override void Write(byte[] buffer, int offset, int count)
        {
        }

        public override Task FlushAsync(CancellationToken cancellationToken) => begin();

        public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) => begin();

        public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default) => new(begin());

        public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();
    }
}
