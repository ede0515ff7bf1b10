using Microsoft.AspNetCore.Http;
using PRTS.Audit;
using PRTS.Contracts;
using PRTS.Contracts.Access;
using PRTS.Contracts.Projects;
using PRTS.Storage.Audit;
using PRTS.Storage.Git;
using PRTS.Web.Access;
using PRTS.Web.Audit;

namespace PRTS.Web.Git;

/// <summary>What stands between a push and the repository: protected refs, and the audit log, which knows what each ref was and is to be.</summary>
public sealed class PushGate(GitBackend backend, Repositories repositories, IGrainFactory grains, AuditLog audit)
{
    public const string Action = "repository:push";
    private const int MostNamed = 5;
    private const string Protected = "protected";

    public static AuditTarget Target(ProjectId project) => new("repository", $"{project.Org}/{project.Name}", Name: null, project.Org, project.Name);

    /// <summary>
    /// What the push changed is compared and started once git has ended, also when the client did not wait for it. If this server dies
    /// before, the comparison at the next start finds the push.
    /// </summary>
    public async Task Receive(HttpContext http, ProjectId project, PushRequest push)
    {
        if (await Forbidden(http, project, push) is { Count: > 0 } forbidden)
        {
            await Refuse(http, project, push, forbidden);
            return;
        }

        var source = http.AuditSource();
        if (push.Updates.Count > 0) await audit.Record(source.Allowed(Action, Target(project), Before(push), After(push)), http.RequestAborted);
        try
        {
            await backend.Serve(http, repositories.Path(project), "/git-receive-pack", "", push.Input);
        }
        finally
        {
            await grains.Project(project).SyncRefs(http.User.Actor());
            if (push.Updates.Count > 0 && await NotDone(project, push) is { Count: > 0 } rest) await audit.Record(source.Failed(Action, Target(project), $"Not done: {Names(rest)}."), CancellationToken.None);
        }
    }

    /// <summary>Refs of the push that the caller may not have, with why in a few words.</summary>
    private async Task<IReadOnlyDictionary<string, string>> Forbidden(HttpContext http, ProjectId project, PushRequest push)
    {
        var forbidden = new Dictionary<string, string>(StringComparer.Ordinal);
        if (push.Updates.Count == 0 || http.User.May(Permissions.RepositoryManage, AccessScope.Of(project))) return forbidden;
        if ((await grains.Project(project).Get())?.Protection is not { } protection) return forbidden;
        foreach (var update in push.Updates)
        {
            if (protection.Covers(update.Ref)) forbidden[update.Ref] = Protected;
            // What is there already stands there, and may change and go.
            else if (update is { Old: null, New: not null } && protection.Blocked(update.Ref) is { } pattern) forbidden.TryAdd(update.Ref, $"in the way of the protected {pattern}");
        }

        return forbidden;
    }

    /// <summary>All of the push is refused, so that nobody wonders which part of it is there.</summary>
    private async Task Refuse(HttpContext http, ProjectId project, PushRequest push, IReadOnlyDictionary<string, string> forbidden)
    {
        var (covered, blocking) = (forbidden.Where(entry => entry.Value == Protected).ToList(), forbidden.Where(entry => entry.Value != Protected).ToList());
        List<string> reasons = [];
        if (covered.Count > 0) reasons.Add($"{http.User.Actor()} may not push to {Names([.. covered.Select(entry => entry.Key)])}: protected in {project}.");
        if (blocking.Count > 0)
            reasons.Add($"{http.User.Actor()} may not make {Names([.. blocking.Select(entry => $"{entry.Key} ({entry.Value})")])} in {project}: where git has a ref of that name, it can have none below it.");
        var why = $"{string.Join(' ', reasons)} That needs the permission {Permissions.RepositoryManage}. Push another branch, and ask somebody who has it.";
        await audit.Record(http.AuditSource().Denied(Action, Target(project), why), http.RequestAborted);
        if (!push.TakesReport)
        {
            await GitEndpoints.Refuse(http, StatusCodes.Status403Forbidden, why);
            return;
        }

        // Git sends all of it before it reads the answer.
        await push.Input.Rest.CopyToAsync(Stream.Null, http.RequestAborted);
        var told = push.Updates.Select(update => update.Ref).Distinct(StringComparer.Ordinal).ToDictionary(name => name, name => forbidden.GetValueOrDefault(name) ?? "pushed together with a protected one", StringComparer.Ordinal);
        http.Response.ContentType = "application/x-git-receive-pack-result";
        http.Response.Headers.CacheControl = "no-cache";
        await http.Response.Body.WriteAsync(push.Refusal(told, why), http.RequestAborted);
    }

    /// <summary>Refs that are not what the push wanted: git refused, or somebody else has pushed since.</summary>
    private async Task<IReadOnlyList<string>> NotDone(ProjectId project, PushRequest push)
    {
        var objects = await repositories.Objects(project, CancellationToken.None);
        return [.. push.Updates.Where(update => objects.GetValueOrDefault(update.Ref) != update.New).Select(update => update.Ref)];
    }

    private static AuditFields Before(PushRequest push) => new() { ["refs"] = AuditValue.List(push.Updates.Where(update => update.Old is not null).Select(update => $"{update.Ref} {update.Old}")) };

    private static AuditFields After(PushRequest push) => new() { ["refs"] = AuditValue.List(push.Updates.Select(update => $"{update.Ref} {update.New ?? "removed"}")) };

    private static string Names(IReadOnlyList<string> refs) =>
        string.Join(", ", refs.Take(MostNamed)) + (refs.Count > MostNamed ? $" and {refs.Count - MostNamed} more" : "");
}
