using Microsoft.AspNetCore.Http;
using Microsoft.Net.Http.Headers;

namespace PRTS.Web.Rest;

/// <summary>The part of a body that a request asks for, from the first byte up to but without the last.</summary>
public readonly record struct ByteRange(long From, long To)
{
    public long Length => To - From;

    /// <summary>
    /// Sets status, length and range headers for one range or the whole; several ranges at once get the whole. Null: the answer is
    /// complete without a body (416, or 304 when the client has this entity already).
    /// </summary>
    public static ByteRange? Choose(HttpContext http, long length, EntityTagHeaderValue? tag = null)
    {
        var response = http.Response;
        response.Headers.AcceptRanges = "bytes";
        if (tag is not null)
        {
            response.GetTypedHeaders().ETag = tag;
            if (http.Request.GetTypedHeaders().IfNoneMatch.Any(known => known.Tag == "*" || known.Compare(tag, useStrongComparison: false)))
            {
                response.StatusCode = StatusCodes.Status304NotModified;
                return null;
            }
        }

        var range = new ByteRange(0, length);
        if (Asked(http, tag) is { } asked)
        {
            range = asked.From is { } from
                ? new(from, Math.Min(length, (asked.To ?? long.MaxValue - 1) + 1))
                : new(Math.Max(0, length - (asked.To ?? 0)), length);
            if (range.Length <= 0)
            {
                response.StatusCode = StatusCodes.Status416RangeNotSatisfiable;
                response.Headers.ContentRange = $"bytes */{length}";
                response.ContentLength = 0;
                return null;
            }

            response.StatusCode = StatusCodes.Status206PartialContent;
            response.Headers.ContentRange = $"bytes {range.From}-{range.To - 1}/{length}";
        }

        response.ContentLength = range.Length;
        return range;
    }

    private static RangeItemHeaderValue? Asked(HttpContext http, EntityTagHeaderValue? tag)
    {
        var headers = http.Request.GetTypedHeaders();
        if (headers.Range is not { Unit.Value: "bytes", Ranges.Count: 1 } range) return null;
        // What the client has a part of is not what is here now: it gets the whole.
        if (headers.IfRange is { } condition && (tag is null || condition.EntityTag?.Compare(tag, useStrongComparison: true) != true)) return null;
        return range.Ranges.First();
    }
}
