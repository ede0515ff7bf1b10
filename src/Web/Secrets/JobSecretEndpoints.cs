using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;
using PRTS.Api.Secrets;
using PRTS.Contracts;
using PRTS.Contracts.Builds;
using PRTS.Storage.Audit;
using PRTS.Storage.Secrets;
using PRTS.Web.Access;
using PRTS.Web.Audit;
using PRTS.Web.Rest;

namespace PRTS.Web.Secrets;

/// <summary>How an agent gets the secrets of a job: those that the job names, while it holds the job. The only place where values come out.</summary>
public static class JobSecretEndpoints
{
    private const string Fenced = "Another attempt of this job has taken over.";

    public static void MapJobSecrets(this RouteGroupBuilder api) =>
        api.MapGroup(Routes.Job + "/secrets").WithTags("Secrets (agents)").CheckNames().RequireAttempt()
            .MapPost("", Deliver).WithSummary("The secrets of the job").WithDescription("Of the attempt that runs. What the job may not have is told with its reason.");

    private static async Task<Results<Ok<DeliveredSecrets>, ProblemHttpResult>> Deliver([AsParameters] JobRoute route, HttpContext http, IGrainFactory grains, SecretsStore store, IdTokens tokens, AuditLog audit)
    {
        http.Response.Headers.CacheControl = "no-store";
        if (http.User.Attempt() is not { } attempt || await grains.Job(route.Id).Assigned(attempt.Number, http.User.Actor()) is not { } start)
        {
            await audit.Record(http.AuditSource().Denied(SecretDelivery.Action, SecretDelivery.Target(route.Id), Fenced), http.RequestAborted);
            return Problems.Of(StatusCodes.Status403Forbidden, "fenced", Fenced);
        }

        var use = new SecretUse
        {
            Project = route.Id.Build.Project,
            Environment = start.Job.Environment,
            Branch = start.Event.Branch,
            Tag = start.Event.Tag,
            Event = start.Event.Kind,
        };
        using var secrets = await store.ForJob(use, [.. start.Job.Secrets.Select(secret => secret.Name).Distinct(StringComparer.Ordinal)], http.RequestAborted);
        // When it cannot be written this throws, and nothing is given (docs/adr/0011).
        if (SecretDelivery.Entry(http.AuditSource(), attempt, start, secrets) is { } entry) await audit.Record(entry, http.RequestAborted);
        var signed = new List<DeliveredSecret>();
        foreach (var token in start.Job.IdTokens) signed.Add(new(token.Variable, await tokens.Sign(attempt, http.User.Actor(), start, token.Audiences, http.RequestAborted)));
        return TypedResults.Ok(new DeliveredSecrets
        {
            Tokens = signed,
            // All or nothing: a job that lacks one does not run.
            Secrets = secrets.Refused.Count > 0 ? [] : [.. secrets.Granted.Select(secret => new DeliveredSecret(secret.Name, secret.Value.Reveal()))],
            Refused = [.. secrets.Refused.Select(decision => decision.Refusal!.Text)],
            MayBeRetried = secrets.MayBeRetried,
        });
    }
}
