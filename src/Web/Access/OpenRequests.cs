using System.Collections.Concurrent;
using System.Security.Claims;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Timeouts;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using PRTS.Storage.Access;

namespace PRTS.Web.Access;

/// <summary>
/// Requests that last (live streams, files) were allowed when they began. When rights or sessions change, those that would not be allowed
/// any more are broken off.
/// </summary>
public sealed partial class OpenRequests : IDisposable
{
    private static readonly TimeSpan Again = TimeSpan.FromSeconds(1);
    private readonly ConcurrentDictionary<OpenRequest, bool> open = new();
    private readonly SignedIn signedIn;
    private readonly IAuthorizationService authorization;
    private readonly IAuthorizationPolicyProvider policies;
    private readonly TimeProvider time;
    private readonly ILogger<OpenRequests> log;
    private readonly IDisposable news;

    public OpenRequests(SignedIn signedIn, AccessWatch watch, IAuthorizationService authorization, IAuthorizationPolicyProvider policies, TimeProvider time, ILogger<OpenRequests> log)
    {
        (this.signedIn, this.authorization, this.policies, this.time, this.log) = (signedIn, authorization, policies, time, log);
        news = watch.Subscribe(tenant => _ = Look(tenant));
    }

    /// <summary>After authorization.</summary>
    public async Task Serve(HttpContext http, RequestDelegate next)
    {
        // Agents have no rights that change: an attempt's token ends with the attempt, which each call asks about. Pages look after
        // themselves (SessionRevalidation), and say more to their readers than a broken connection.
        if (http.Request.Path.StartsWithSegments("/_blazor", StringComparison.OrdinalIgnoreCase) || http.GetEndpoint()?.Metadata.GetMetadata<DisableRequestTimeoutAttribute>() is null || http.User.Facts() is null)
        {
            await next(http);
            return;
        }

        using var request = new OpenRequest(http);
        // A token that is good for minutes keeps nothing open for longer.
        await using var end = http.User.Expires() is { } expires ? time.CreateTimer(_ => request.BreakOff(), null, Left(expires), Timeout.InfiniteTimeSpan) : null;
        open[request] = true;
        try
        {
            await next(http);
        }
        finally
        {
            open.TryRemove(request, out _);
        }
    }

    public void Dispose() => news.Dispose();

    private TimeSpan Left(DateTimeOffset expires) => expires - time.GetUtcNow() is { Ticks: > 0 } left ? left : TimeSpan.Zero;

    private async Task Look(string? tenant)
    {
        foreach (var request in open.Keys)
        {
            if (tenant is not null && request.User.Tenant() != tenant) continue;
            for (var asked = false; !asked && open.ContainsKey(request);)
            {
                try
                {
                    if (!await IsAllowed(request)) request.BreakOff();
                    asked = true;
                }
                catch (Npgsql.NpgsqlException lost)
                {
                    LogUnknown(lost);
                    await Task.Delay(Again);
                }
            }
        }
    }

    private async Task<bool> IsAllowed(OpenRequest request) =>
        await signedIn.Again(request.User) is { } now
        && (await AuthorizationPolicy.CombineAsync(policies, request.Asked) is not { } policy || (await authorization.AuthorizeAsync(now, request.Route, policy)).Succeeded);

    /// <summary>What must be known of a request to ask again. The server reuses the context of one that has ended, so that is not touched any more.</summary>
    private sealed class OpenRequest(HttpContext http) : IDisposable
    {
        private readonly Lock ending = new();
        private HttpContext? context = http;

        public ClaimsPrincipal User { get; } = http.User;

        public RouteValueDictionary Route { get; } = new(http.Request.RouteValues);

        public IReadOnlyList<IAuthorizeData> Asked { get; } = http.GetEndpoint()!.Metadata.GetOrderedMetadata<IAuthorizeData>();

        public void BreakOff()
        {
            lock (ending) context?.Abort();
        }

        public void Dispose()
        {
            lock (ending) context = null;
        }
    }

    [LoggerMessage(LogLevel.Warning, "Whether a request that is under way is still allowed could not be asked; again soon")]
    private partial void LogUnknown(Exception failure);
}

public static class OpenRequestsExtensions
{
    public static IApplicationBuilder UseOpenRequests(this IApplicationBuilder app)
    {
        var requests = app.ApplicationServices.GetRequiredService<OpenRequests>();
        return app.Use(next => http => requests.Serve(http, next));
    }
}
