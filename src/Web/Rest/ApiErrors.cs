using System.Diagnostics;
using System.Text.Json;
using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using PRTS.Audit;
using PRTS.Web.Access;

namespace PRTS.Web.Rest;

/// <summary>
/// Every error that a program may get is problem+json, also those that routing, binding, login and limits make without a body. Git shows its
/// user plain text. Pages have words of their own.
/// </summary>
public static partial class ApiErrors
{
    public static IApplicationBuilder UseApiErrors(this IApplicationBuilder app) => app.UseWhen(http => ProgramPaths.Contain(http.Request.Path) || IsGit(http), api => api.Use(Handle));

    private static bool IsGit(HttpContext http) => http.Request.Path.StartsWithSegments("/git", StringComparison.OrdinalIgnoreCase);

    private static Task Write(HttpContext http, int status, string code, string text)
    {
        if (!IsGit(http)) return Problems.Of(status, code, text).ExecuteAsync(http);
        http.Response.StatusCode = status;
        http.Response.ContentType = "text/plain; charset=utf-8";
        return http.Response.WriteAsync($"{text}{(status >= StatusCodes.Status500InternalServerError ? $" (traceId {Activity.Current?.TraceId})" : "")}\n", http.RequestAborted);
    }

    private static async Task Handle(HttpContext http, RequestDelegate next)
    {
        try
        {
            await next(http);
        }
        catch (BadHttpRequestException bad) when (!http.Response.HasStarted)
        {
            await Write(http, bad.StatusCode, CodeOf(bad.StatusCode), Explain(bad, http));
            return;
        }
        catch (TooManyPasswordsException busy) when (!http.Response.HasStarted)
        {
            await Write(http, StatusCodes.Status503ServiceUnavailable, "busy", busy.Message);
            return;
        }
        catch (AuditUnavailableException unrecorded) when (!http.Response.HasStarted)
        {
            Log(http.RequestServices.GetRequiredService<ILoggerFactory>().CreateLogger("PRTS.Web.Api"), http.Request.Method, http.Request.Path, unrecorded);
            await Write(http, StatusCodes.Status503ServiceUnavailable, "audit-unavailable", unrecorded.Message);
            return;
        }
        catch (OperationCanceledException) when (http.RequestAborted.IsCancellationRequested)
        {
            // The client has gone: nobody reads an answer.
            return;
        }
        catch (Exception failure) when (!http.Response.HasStarted)
        {
            Log(http.RequestServices.GetRequiredService<ILoggerFactory>().CreateLogger("PRTS.Web.Api"), http.Request.Method, http.Request.Path, failure);
            http.Response.Clear();
            await Write(http, StatusCodes.Status500InternalServerError, "internal", "The server failed. It is not your request; the server's log has more under the traceId.");
            return;
        }

        if (http.Response is { HasStarted: false, StatusCode: >= 400, ContentType: null } && http.Response.ContentLength is null or 0 && !HttpMethods.IsHead(http.Request.Method))
        {
            await Write(http, http.Response.StatusCode, CodeOf(http.Response.StatusCode), Explain(http));
        }
    }

    private static string CodeOf(int status) => status switch
    {
        401 => "unauthenticated",
        403 => "forbidden",
        404 => "not-found",
        405 => "method-not-allowed",
        413 => "too-large",
        415 => "unsupported-media-type",
        429 => "too-many",
        504 => "timeout",
        >= 500 => "internal",
        _ => "invalid",
    };

    private static string Explain(HttpContext http) => http.Response.StatusCode switch
    {
        401 or 429 => HeaderAuthentication.Problem(http) ?? "Log in, or send 'Authorization: Bearer <access token>'. Tokens are made on the account page.",
        403 => TokenLimits.Explain(http) ?? (http.GetEndpoint()?.Metadata.GetMetadata<EndpointPermission>() is { } permission
            ? $"{http.User.Actor()} lacks the permission {permission.Name.Replace(Policies.Anywhere, "", StringComparison.Ordinal)}; an administrator can give a role that has it."
            : $"{http.User.Actor()} may not do this."),
        404 => $"There is nothing at {http.Request.Path}. The API is described at /api/docs.",
        405 => $"{http.Request.Method} is not served at {http.Request.Path}; {http.Response.Headers.Allow} is.",
        413 => "The body is larger than may be sent here.",
        504 => "The request took too long and was given up. What it began may still come to its end; ask for its state before you repeat it.",
        415 => "The body's type is not served here; send Content-Type: application/json.",
        _ => "The request cannot be served. The API is described at /api/docs.",
    };

    private static string Explain(BadHttpRequestException bad, HttpContext http)
    {
        if (bad.InnerException is JsonException json) return ExplainJson(json);
        if (FailedParameter().Match(bad.Message) is { Success: true } match) return $"'{match.Groups["value"].Value}' is no valid {match.Groups["name"].Value}: it must be of type {match.Groups["type"].Value}.";
        return bad.StatusCode == StatusCodes.Status415UnsupportedMediaType ? "The body's type is not served here; send Content-Type: application/json." : $"{bad.Message} ({http.Request.Method} {http.Request.Path})";
    }

    /// <summary>Says where in the body and what, without the names of our types.</summary>
    private static string ExplainJson(JsonException json)
    {
        var where = $"The body is wrong at {json.Path ?? "$"}{(json.LineNumber is { } line ? $" (line {line + 1})" : "")}: ";
        if (UnknownMember().Match(json.Message) is { Success: true } unknown) return $"{where}there is no member '{unknown.Groups["it"].Value}' here. Leave it out; /openapi/v1.json has the members.";
        if (MissingMembers().Match(json.Message) is { Success: true } missing) return $"{where}required members are missing: {missing.Groups["it"].Value}.";
        if (WrongType().Match(json.Message) is { Success: true } wrong) return $"{where}the value is no {Plain(wrong.Groups["it"].Value)}.";
        return where + json.Message.Split(" Path:", 2)[0];
    }

    private static string Plain(string type) => type switch
    {
        _ when type.Contains("Int", StringComparison.Ordinal) => "integer",
        _ when type.Contains("Boolean", StringComparison.Ordinal) => "boolean",
        _ when type.Contains("IReadOnlyList", StringComparison.Ordinal) => "array",
        _ when type.Contains("String", StringComparison.Ordinal) => "string",
        _ => "JSON value of the right kind",
    };

    [GeneratedRegex("^The JSON property '(?<it>.*)' could not be mapped", RegexOptions.None, matchTimeoutMilliseconds: 1000)]
    private static partial Regex UnknownMember();

    [GeneratedRegex(@"missing required properties(?:,)? including: (?<it>.*?)\.?(?: Path:.*)?$", RegexOptions.None, matchTimeoutMilliseconds: 1000)]
    private static partial Regex MissingMembers();

    [GeneratedRegex(@"could not be converted to (?<it>\S+?)\.? ", RegexOptions.None, matchTimeoutMilliseconds: 1000)]
    private static partial Regex WrongType();

    [GeneratedRegex("^Failed to bind parameter \"(?:Nullable<)?(?<type>[^> ]+)>? (?<name>[^\"]+)\" from \"(?<value>.*)\"\\.$", RegexOptions.Singleline, matchTimeoutMilliseconds: 1000)]
    private static partial Regex FailedParameter();

    [LoggerMessage(LogLevel.Error, "{Method} {Path} failed")]
    private static partial void Log(ILogger log, string method, string path, Exception failure);
}
