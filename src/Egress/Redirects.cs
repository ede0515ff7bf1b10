using System.Net;

namespace PRTS.Egress;

/// <summary>What the next request is when an answer sends us elsewhere. Pure.</summary>
internal static class Redirects
{
    /// <summary>Header fields that mean the same to everybody. Any other may be a credential.</summary>
    private static readonly string[] Harmless = ["Accept", "Accept-Language", "Cache-Control", "User-Agent"];

    public static bool IsRedirect(HttpResponseMessage answer) =>
        answer.StatusCode is HttpStatusCode.MovedPermanently or HttpStatusCode.Found or HttpStatusCode.SeeOther or HttpStatusCode.TemporaryRedirect or HttpStatusCode.PermanentRedirect
        && answer.Headers.NonValidated.Contains("Location");

    /// <summary>The request that follows; its address is not checked yet.</summary>
    /// <exception cref="EgressRefusedException">The answer leads from https to http, elsewhere with a body, or nowhere.</exception>
    public static HttpRequestMessage Next(HttpRequestMessage request, HttpResponseMessage answer)
    {
        var from = request.RequestUri!;
        var location = answer.Headers.NonValidated["Location"].ToString();
        if (!Uri.TryCreate(from, location, out var to)) throw Refused(from, "to what is no address");
        if (from.Scheme == Uri.UriSchemeHttps && to.Scheme == Uri.UriSchemeHttp) throw Refused(from, $"from https to http ({to.GetLeftPart(UriPartial.Authority)})");
        var keepsBody = answer.StatusCode is HttpStatusCode.TemporaryRedirect or HttpStatusCode.PermanentRedirect;
        var isSameOrigin = Uri.Compare(from, to, UriComponents.SchemeAndServer, UriFormat.UriEscaped, StringComparison.OrdinalIgnoreCase) == 0;
        if (keepsBody && !isSameOrigin && request.Content is not null) throw Refused(from, $"with what was sent to {to.GetLeftPart(UriPartial.Authority)}; give that address instead");
        var next = new HttpRequestMessage(MethodOf(request.Method, answer.StatusCode), to);
        if (keepsBody) next.Content = request.Content;
        foreach (var (name, values) in request.Headers.NonValidated)
        {
            if (isSameOrigin || Harmless.Contains(name, StringComparer.OrdinalIgnoreCase)) next.Headers.TryAddWithoutValidation(name, values);
        }

        return next;
    }

    private static HttpMethod MethodOf(HttpMethod method, HttpStatusCode status) => status switch
    {
        HttpStatusCode.SeeOther when method != HttpMethod.Head => HttpMethod.Get,
        HttpStatusCode.MovedPermanently or HttpStatusCode.Found when method != HttpMethod.Head && method != HttpMethod.Get => HttpMethod.Get,
        _ => method,
    };

    public static EgressRefusedException Refused(Uri from, string where) => new(EgressReason.Redirect, $"{from.GetLeftPart(UriPartial.Authority)} redirects {where}.");
}
