using System.Globalization;
using System.Net;
using System.Security.Claims;
using System.Threading.RateLimiting;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.StaticAssets;
using Microsoft.Extensions.DependencyInjection;
using PRTS.Web.Access;
using PRTS.Web.Rest;

namespace PRTS.Web.Gateway;

/// <summary>Which bucket an endpoint's requests are taken from.</summary>
public enum RateClass
{
    /// <summary>The caller's: the user's, or the address's where nobody has logged in. What endpoints have that say nothing.</summary>
    Caller,

    /// <summary>By address, and small.</summary>
    SignIn,

    /// <summary>By address, and large.</summary>
    Agent,

    /// <summary>None at all.</summary>
    Exempt,
}

/// <summary>Says it for an endpoint.</summary>
public sealed record EndpointRate(RateClass Class);

/// <summary>
/// Token buckets by who asks: the user, the agent, or the address (a /64 of IPv6) where nobody has logged in. Per server, in memory.
/// Addresses are dealt to a fixed number of buckets by a hash that nobody can foresee, so that a flood from many fills no memory;
/// a bucket of a user or agent goes when it has been full for some seconds.
/// </summary>
public sealed class RateLimits : IDisposable
{
    private const int AddressBuckets = 16_384;
    private readonly RateSettings rates;
    private readonly PartitionedRateLimiter<Bucket> limiter;

    public RateLimits(GatewayOptions options)
    {
        rates = options.Rates;
        limiter = PartitionedRateLimiter.Create<Bucket, Bucket>(bucket => RateLimitPartition.GetTokenBucketLimiter(bucket, key => Options(RateOf(key.Kind))));
    }

    private readonly record struct Bucket(string Kind, string Key);

    /// <summary>Lets the request pass, or answers 429. After authentication, and inside of what makes errors readable.</summary>
    public async Task Handle(HttpContext http, RequestDelegate next)
    {
        if (BucketOf(http) is not { } bucket)
        {
            await next(http);
            return;
        }

        using var lease = limiter.AttemptAcquire(bucket);
        if (!lease.IsAcquired || http.Request.Path.StartsWithSegments("/api", StringComparison.OrdinalIgnoreCase)) Tell(http, bucket);
        if (lease.IsAcquired) await next(http);
        else await Refuse(http, lease, bucket);
    }

    /// <summary>Whether somebody at this address may still try to log in; takes nothing. For what logs in by a header, whose endpoint is in another bucket.</summary>
    public bool MaySignIn(IPAddress? address) => limiter.GetStatistics(SignIn(address))?.CurrentAvailablePermits is not < 1;

    /// <summary>Takes a refused login of a header from the bucket from which the forms' logins are taken.</summary>
    public void SignInRefused(IPAddress? address)
    {
        using var taken = limiter.AttemptAcquire(SignIn(address));
    }

    /// <summary>Seconds until one more attempt to log in is possible.</summary>
    public int SignInWait => Math.Max(1, (int)Math.Ceiling((double)rates.SignIn.Window / rates.SignIn.Quota));

    public void Dispose() => limiter.Dispose();

    private static Bucket? BucketOf(HttpContext http)
    {
        var endpoint = http.GetEndpoint();
        if (endpoint?.Metadata.GetMetadata<StaticAssetDescriptor>() is not null) return null;
        var kind = endpoint?.Metadata.GetMetadata<EndpointRate>()?.Class ?? RateClass.Caller;
        return kind switch
        {
            RateClass.Exempt => null,
            RateClass.SignIn => SignIn(http.Connection.RemoteIpAddress),
            RateClass.Agent => new("agent", Slot(http.Connection.RemoteIpAddress)),
            _ when http.User.Attempt() is not null => new("agent", http.User.Actor()),
            _ when http.User.FindFirstValue(ClaimTypes.NameIdentifier) is { } user => new("user", user),
            _ => new("address", Slot(http.Connection.RemoteIpAddress)),
        };
    }

    private static Bucket SignIn(IPAddress? address) => new("sign-in", Slot(address));

    /// <summary>The string's hash differs from process to process.</summary>
    private static string Slot(IPAddress? address) =>
        ((uint)AddressGroup.Of(address).ToString().GetHashCode(StringComparison.Ordinal) % AddressBuckets).ToString(CultureInfo.InvariantCulture);

    private Rate RateOf(string kind) => kind switch { "user" => rates.User, "agent" => rates.Agent, "sign-in" => rates.SignIn, _ => rates.Address };

    private static TokenBucketRateLimiterOptions Options(Rate rate) => new()
    {
        TokenLimit = rate.Quota,
        // Whole tokens, at most ten times a second.
        ReplenishmentPeriod = TimeSpan.FromSeconds(Math.Max(0.1, (double)rate.Window / rate.Quota)),
        TokensPerPeriod = (int)Math.Max(1, Math.Round(rate.Quota * 0.1 / rate.Window)),
        QueueLimit = 0,
    };

    /// <summary>As draft-ietf-httpapi-ratelimit-headers-09 says: the quota and its window, what is left and in how many seconds all of it is back.</summary>
    private void Tell(HttpContext http, Bucket bucket)
    {
        var rate = RateOf(bucket.Kind);
        var left = Math.Max(0, limiter.GetStatistics(bucket)?.CurrentAvailablePermits ?? rate.Quota);
        var reset = Math.Ceiling((rate.Quota - left) * (double)rate.Window / rate.Quota);
        http.Response.Headers["RateLimit-Policy"] = string.Create(CultureInfo.InvariantCulture, $"\"{bucket.Kind}\";q={rate.Quota};w={rate.Window}");
        http.Response.Headers["RateLimit"] = string.Create(CultureInfo.InvariantCulture, $"\"{bucket.Kind}\";r={left};t={reset}");
    }

    private Task Refuse(HttpContext http, RateLimitLease lease, Bucket bucket)
    {
        var rate = RateOf(bucket.Kind);
        var wait = lease.TryGetMetadata(MetadataName.RetryAfter, out var after) ? Math.Max(1, (int)Math.Ceiling(after.TotalSeconds)) : 1;
        http.Response.Headers.RetryAfter = wait.ToString(CultureInfo.InvariantCulture);
        var who = bucket.Kind switch { "user" => "you", "agent" => "this agent", "sign-in" => "attempts to log in from this address", _ => "this address" };
        return Refusals.Write(http, StatusCodes.Status429TooManyRequests, "too-many", $"Too many requests: {who} may make {rate.Quota} within {rate.Window} s. Try again in {wait} s.");
    }
}

public static class RateLimitExtensions
{
    public static IApplicationBuilder UseRateLimits(this IApplicationBuilder app) => app.Use((http, next) => http.RequestServices.GetRequiredService<RateLimits>().Handle(http, next));

    /// <summary>Which bucket the endpoint's requests are taken from.</summary>
    public static T RateAs<T>(this T builder, RateClass kind) where T : IEndpointConventionBuilder => builder.WithMetadata(new EndpointRate(kind));
}
