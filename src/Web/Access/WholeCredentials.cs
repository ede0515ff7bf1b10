using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using PRTS.Web.Rest;

namespace PRTS.Web.Access;

/// <summary>What decides how somebody gets in is changed by that person, not by a token that was cut down for something else.</summary>
public static class WholeCredentials
{
    private const string Refusal = "A limited or short-lived access token changes nothing of the account that it is for. Log in, or use an access token without limits.";

    /// <summary>Refuses access tokens with limits, and short-lived ones, where something is changed.</summary>
    public static T ByWholeCredentials<T>(this T builder) where T : IEndpointConventionBuilder => builder.AddEndpointFilter(async (context, next) =>
    {
        var http = context.HttpContext;
        return !HttpMethods.IsGet(http.Request.Method) && (http.User.Facts()?.Limit is not null || http.User.Expires() is not null)
            ? Problems.Of(StatusCodes.Status403Forbidden, "forbidden", Refusal)
            : await next(context);
    });
}
