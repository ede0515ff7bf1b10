using System.Net;

namespace PRTS.Web.Tests.Access.SignIn;

/// <summary>What a browser has after it came back from a provider.</summary>
/// <param name="IsIn">It has a session.</param>
internal sealed record SignInOutcome(HttpStatusCode Status, bool IsIn, string Location)
{
    private const string SessionCookie = "prts-session=";

    /// <summary>What an attack must not reach; null when it reached nothing.</summary>
    public string? Problem => IsIn ? "somebody is in" : (int)Status >= 500 ? $"answered {(int)Status}" : null;

    public static SignInOutcome Of(HttpResponseMessage answer)
    {
        var isIn = answer.Headers.TryGetValues("Set-Cookie", out var cookies) && cookies.Any(value => value.StartsWith(SessionCookie, StringComparison.Ordinal) && !value.StartsWith(SessionCookie + ";", StringComparison.Ordinal));
        return new(answer.StatusCode, isIn, answer.Headers.Location?.OriginalString ?? "");
    }
}
