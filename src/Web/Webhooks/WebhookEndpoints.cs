using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;
using PRTS.Api.Secrets;
using PRTS.Api.Webhooks;
using PRTS.Audit;
using PRTS.Contracts.Access;
using PRTS.Contracts.Projects;
using PRTS.Storage.Webhooks;
using PRTS.Web.Access;
using PRTS.Web.Audit;
using PRTS.Web.Rest;

namespace PRTS.Web.Webhooks;

/// <summary>The webhooks of a project.</summary>
public static partial class WebhookEndpoints
{
    public const string SecretPrefix = "prtsw_";
    private const string Place = Routes.Project + "/webhooks";

    public static void MapWebhooks(this RouteGroupBuilder api)
    {
        var group = api.MapGroup("").WithTags("Webhooks").CheckNames();
        group.MapGet(Place, List).RequirePermission(Permissions.EnvironmentRead).CheckProject().WithSummary("Webhooks of a project").WithDescription("Never their secrets.");
        group.MapPut(Place + "/{webhook}", Set).Audit<SetWebhook>("webhook:set", Fields, Before).RequirePermission(Permissions.EnvironmentManage).CheckProject().WithSummary("Make or change a webhook")
            .WithDescription("The answer has the `secret` when one was made: for a new webhook, and with `newSecret`. It is shown this once.");
        group.MapDelete(Place + "/{webhook}", Remove).Audit("webhook:remove", Before).RequirePermission(Permissions.EnvironmentManage).CheckProject().WithSummary("Remove a webhook");
    }

    /// <summary>Where it is delivered to.</summary>
    public static string AddressOf(ProjectId project, string name, WebOptions options) =>
        $"/webhooks/{project.Org}/{project.Name}/{name}{(project.Tenant == options.Tenant ? "" : $"?tenant={project.Tenant}")}";

    [GeneratedRegex(@"\A[a-z0-9][a-z0-9._-]{0,63}\z", RegexOptions.CultureInvariant, matchTimeoutMilliseconds: 1000)]
    public static partial Regex Name();

    private static async Task<Ok<IReadOnlyList<Webhook>>> List([AsParameters] ProjectRoute route, WebhooksStore webhooks, CancellationToken cancellationToken) =>
        TypedResults.Ok(await webhooks.List(route.Id, cancellationToken));

    private static async Task<Results<Ok<Webhook>, ProblemHttpResult>> Set(
        [AsParameters] ProjectRoute route, string webhook, SetWebhook request, WebhooksStore webhooks, WebOptions options, TimeProvider time, CancellationToken cancellationToken)
    {
        if (!Name().IsMatch(webhook)) return Problems.Invalid($"'{webhook}' cannot be the name of a webhook: use 1–64 of a-z 0-9 . _ -, beginning with a letter or digit.");
        // Whoever has its secret runs pipelines: nobody gives what they do not have.
        if (!route.User.May(Permissions.PipelineRun, AccessScope.Of(route.Id)))
            return Problems.Of(StatusCodes.Status403Forbidden, "forbidden", $"A webhook runs pipelines, and you may not run those of {route.Id}: that takes the permission {Permissions.PipelineRun}.");
        var text = Credentials.Create(SecretPrefix);
        using var secret = SecretText.Of(text);
        if (await webhooks.Get(route.Id, webhook, cancellationToken) is { } known)
        {
            var next = known with { Enabled = request.Enabled };
            return await webhooks.Change(route.Id, next, request.NewSecret ? secret : null, cancellationToken)
                ? TypedResults.Ok(request.NewSecret ? next with { Secret = text } : next)
                : Unknown(route.Id, webhook);
        }

        var made = new Webhook { Name = webhook, Enabled = request.Enabled, CreatedAt = time.GetUtcNow(), CreatedBy = route.User.Actor(), Address = AddressOf(route.Id, webhook, options) };
        return await webhooks.Make(route.Id, made, secret, cancellationToken)
            ? TypedResults.Ok(made with { Secret = text })
            : Problems.Conflict($"{route.Id} has {WebhooksStore.Most} webhooks, the most that it can have, or somebody made '{webhook}' just now.");
    }

    private static async Task<Results<NoContent, ProblemHttpResult>> Remove([AsParameters] ProjectRoute route, string webhook, WebhooksStore webhooks, CancellationToken cancellationToken) =>
        await webhooks.Remove(route.Id, webhook, cancellationToken) ? TypedResults.NoContent() : Unknown(route.Id, webhook);

    private static ProblemHttpResult Unknown(ProjectId project, string webhook) => Problems.NotFound($"{project} has no webhook '{webhook}'.");

    /// <summary>A webhook always has a secret; whether one that was there gets another, the flag says.</summary>
    private static AuditFields Fields(SetWebhook request) => new() { ["enabled"] = request.Enabled, ["secret"] = AuditValue.Secret, ["newSecret"] = request.NewSecret };

    private static FormerState Before { get; } = async request =>
        await request.Get<WebhooksStore>().Get(new(request.HttpContext.User.Tenant(), request.Route("org"), request.Route("project")), request.Route("webhook"), request.HttpContext.RequestAborted) is { } known
            ? new() { ["enabled"] = known.Enabled, ["secret"] = AuditValue.Secret }
            : null;
}
