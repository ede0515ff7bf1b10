using System.Security.Cryptography;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Primitives;
using PRTS.Api.Builds;
using PRTS.Api.Secrets;
using PRTS.Api.Webhooks;
using PRTS.Audit;
using PRTS.Contracts;
using PRTS.Contracts.Projects;
using PRTS.Storage.Access;
using PRTS.Storage.Audit;
using PRTS.Storage.Webhooks;
using PRTS.Web.Access;
using PRTS.Web.Access.SignIn;
using PRTS.Web.Audit;
using PRTS.Web.Gateway;
using PRTS.Web.Rest;

namespace PRTS.Web.Webhooks;

/// <summary>
/// Where other forges deliver. Open to everybody; what counts is the signature with the webhook's secret. Whether there is no such webhook, project or tenant,
/// or the secret is another, the answer is the same.
/// </summary>
public static class DeliveryEndpoint
{
    private const string Action = "build:start";

    /// <summary>Nobody knows it: for what there is no webhook, so that the answer takes as long.</summary>
    private static readonly byte[] Nobodys = RandomNumberGenerator.GetBytes(32);

    public static void MapDeliveries(this IEndpointRouteBuilder app) => app.MapPost("/webhooks/{org}/{project}/{webhook}", Deliver)
        .AllowAnonymous().DisableAntiforgery().LimitBody(WebhookReader.Longest).WithRequestTimeout(RequestLimits.ApiTimeout).ExcludeFromDescription();

    private static async Task<IResult> Deliver(
        string org, string project, string webhook, HttpContext http, WebhooksStore webhooks, DirectoryReadModel directory, FailureLimiter failures, AuditLog audit, IGrainFactory grains, WebOptions options, CancellationToken cancellationToken)
    {
        var address = http.Connection.RemoteIpAddress;
        if (failures.IsBlocked(address))
        {
            http.Response.Headers.RetryAfter = FailureLimiter.Seconds;
            return Problems.Of(StatusCodes.Status429TooManyRequests, "too-many", "Too many deliveries from this address had a wrong signature. Wait some minutes.");
        }

        using var body = new MemoryStream();
        await http.Request.Body.CopyToAsync(body, cancellationToken);
        var bytes = body.GetBuffer().AsMemory(0, (int)body.Length);
        var id = new ProjectId(SignInTenant.Of(http, options), org, project);
        var target = AuditTarget.In(org, project, "webhook", webhook);
        var source = http.AuditSource() with { Tenant = id.Tenant, Actor = new(AuditActorKind.Service, webhook, webhook) };
        using (var secret = IsName(id, webhook) && await directory.Tenant(id.Tenant, cancellationToken) is { Summary.Enabled: true } ? await webhooks.Secret(id, webhook, cancellationToken) : null)
        {
            if (!IsRight(secret, bytes.Span, http.Request.Headers))
            {
                failures.Failed(address);
                // Only tenants that are there have a log; names that nobody has are told to the operator's.
                var denied = secret is null ? http.AuditSource(webhook) : http.AuditSource(webhook) with { Tenant = id.Tenant };
                await audit.Record(denied.Denied(Action, target, "The delivery is not signed with the secret of such a webhook."), cancellationToken);
                return Problems.Of(StatusCodes.Status401Unauthorized, "unauthenticated", "The delivery is not signed with the secret of such a webhook. Compare address and secret with those that PRTS showed.");
            }
        }

        return WebhookReader.Read(bytes, HeadersOf(http.Request)) switch
        {
            WebhookReading.Start start => await Start(start),
            WebhookReading.Ignored ignored => TypedResults.Accepted((string?)null, new WebhookAnswer { Ignored = ignored.Why }),
            WebhookReading.Problem problem => Problems.Invalid(problem.Detail),
            _ => TypedResults.Ok(new WebhookAnswer()),
        };

        async Task<IResult> Start(WebhookReading.Start start)
        {
            await audit.Record(source.Allowed(Action, target, after: new() { ["ref"] = start.Ref, ["commit"] = start.Commit ?? "", ["delivery"] = start.Delivery ?? "" }), cancellationToken);
            var request = new StartBuild { Ref = start.Ref, Commit = start.Commit, Inputs = start.Inputs };
            var actor = $"webhook/{webhook}";
            var started = start.Delivery is { } delivery
                ? await grains.Project(id).Deliver(request, actor, $"{webhook}/{delivery}")
                : await grains.Project(id).Start(request, actor);
            if (started.Problem is not { } problem) return TypedResults.Created((string?)null, new WebhookAnswer { Builds = [.. started.Builds.Select(build => build.ToString())] });
            await audit.Record(source.Failed(Action, target, problem), CancellationToken.None);
            return Problems.Of(StatusCodes.Status422UnprocessableEntity, "not-started", problem);
        }
    }

    private static bool IsName(ProjectId id, string webhook) => ProjectId.IsValidName(id.Org) && ProjectId.IsValidName(id.Name) && WebhookEndpoints.Name().IsMatch(webhook);

    private static bool IsRight(SecretText? secret, ReadOnlySpan<byte> body, IHeaderDictionary headers)
    {
        var right = WebhookSignature.IsRight(secret is null ? Nobodys : secret.AsUtf8(), body, Only(headers["X-Hub-Signature-256"]), Only(headers["X-Gitlab-Token"]));
        return right && secret is not null;
    }

    private static WebhookHeaders HeadersOf(HttpRequest request)
    {
        return new(request.ContentType, First("X-GitHub-Event", "X-Gitea-Event", "X-Forgejo-Event", "X-Gitlab-Event"), First("X-GitHub-Delivery", "X-Gitea-Delivery", "X-Forgejo-Delivery", "X-Gitlab-Event-UUID"));

        string? First(params ReadOnlySpan<string> names)
        {
            foreach (var name in names)
            {
                if (Only(request.Headers[name]) is { } value) return value;
            }

            return null;
        }
    }

    /// <summary>Of headers that come twice the values, joined: nothing that we look for.</summary>
    private static string? Only(StringValues header) => header.Count == 0 ? null : header.ToString();
}
