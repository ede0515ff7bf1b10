using Microsoft.AspNetCore.Http;
using PRTS.Web.Rest;

namespace PRTS.Web.Gateway;

/// <summary>How the gateway says no: a problem, or plain text where Git shows it to its user.</summary>
internal static class Refusals
{
    public static Task Write(HttpContext http, int status, string code, string detail)
    {
        if (!http.Request.Path.StartsWithSegments("/git", StringComparison.OrdinalIgnoreCase)) return Problems.Of(status, code, detail).ExecuteAsync(http);
        http.Response.StatusCode = status;
        http.Response.ContentType = "text/plain; charset=utf-8";
        return http.Response.WriteAsync(detail + "\n", http.RequestAborted);
    }
}
