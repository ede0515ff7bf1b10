using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace PRTS.Web.Gateway;

/// <summary>
/// How large the head of a request may be. The server refuses by itself only what is more than twice that, because it does so without a word: it has
/// not read a request then that anything could answer.
/// </summary>
public static class HeadLimits
{
    /// <summary>Of the address with its query. Bytes.</summary>
    public const int Target = 8 << 10;

    /// <summary>Of all fields together. Bytes.</summary>
    public const int Fields = 32 << 10;

    /// <summary>How many fields.</summary>
    public const int Count = 100;

    public static IApplicationBuilder UseHeadLimits(this IApplicationBuilder app) => app.Use((http, next) =>
        http.Features.Get<IHttpRequestFeature>()?.RawTarget.Length > Target ? Refusals.Write(http, StatusCodes.Status414UriTooLong, "too-large", $"The address is longer than {Target} bytes.")
        : http.Request.Headers.Count > Count || Size(http.Request.Headers) > Fields ? Refusals.Write(
            http, StatusCodes.Status431RequestHeaderFieldsTooLarge, "too-large", $"The header fields are more than {Count}, or larger than {Fields >> 10} KiB together. Cookies count, too.")
        : next(http));

    /// <summary>As lines of HTTP/1.1: with colon, space and line end.</summary>
    private static long Size(IHeaderDictionary fields)
    {
        var size = 0L;
        foreach (var (name, values) in fields)
        {
            foreach (var value in values) size += name.Length + (value?.Length ?? 0) + 4;
        }

        return size;
    }
}
