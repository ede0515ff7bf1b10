using System.Diagnostics;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;

namespace PRTS.Web.Rest;

/// <summary>Errors as RFC 9457 says. <c>code</c> is for programs; <c>detail</c> says what is wrong and what would be right.</summary>
public static class Problems
{
    public static ProblemHttpResult Of(int status, string code, string detail) => TypedResults.Problem(
        detail, statusCode: status, extensions: new Dictionary<string, object?> { ["code"] = code, ["traceId"] = Activity.Current?.TraceId.ToString() });

    public static ProblemHttpResult Invalid(string detail) => Of(StatusCodes.Status400BadRequest, "invalid", detail);

    public static ProblemHttpResult NotFound(string detail) => Of(StatusCodes.Status404NotFound, "not-found", detail);

    public static ProblemHttpResult Conflict(string detail) => Of(StatusCodes.Status409Conflict, "conflict", detail);
}
