using System.Reflection;
using System.Runtime.InteropServices;
using System.Security.Claims;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;
using PRTS.Api;
using PRTS.Api.Access;
using PRTS.Audit;
using PRTS.Contracts.Access;
using PRTS.Storage.Agents;
using PRTS.Storage.Audit;
using PRTS.Storage.Projects;
using PRTS.Storage.Secrets.Keys;
using PRTS.Storage.Users;
using PRTS.Web.Access;
using PRTS.Web.Audit;
using PRTS.Web.Rest;

namespace PRTS.Web.Administration;

public static class AdministrationEndpoints
{
    public static void MapAdministration(this RouteGroupBuilder api)
    {
        var administration = api.MapGroup("").WithTags("Administration");
        administration.MapGet("/users", List).RequirePermission(Permissions.UserManage).WithSummary("Users by name");
        administration.MapPost("/users", Create).Audit<CreateUser>("user:create", request => Accounts.Fields(request), target: (request, address) => address with { Id = request.Name }).RequirePermission(Permissions.UserManage).WithSummary("Create a user");
        administration.MapPatch("/users/{name}", Update).Audit<UpdateUser>("user:update", request => Accounts.Fields(request), AccessAudit.OfUser).RequirePermission(Permissions.UserManage).WithSummary("Change a user's role or password, disable or enable them").WithDescription("Role `none` disables the account, unless `enabled` is true: then it takes the role in the whole tenant alone.");
        administration.MapGet("/users/{name}/sessions", ListSessions).RequirePermission(Permissions.UserManage).WithSummary("Where a user is signed in");
        administration.MapDelete("/users/{name}/sessions", EndSessions).Audit("session:end-all", AccessAudit.OfUsersSessions).RequirePermission(Permissions.UserManage).WithSummary("End all sessions of a user").WithDescription("At once, with their open pages. Access tokens stay.");
        administration.MapGet("/system/keys", Keys).RequirePermission(Permissions.SystemManage).WithSummary("With which key secrets are sealed").WithDescription("Data keys that are still wrapped with a former key are re-wrapped in the background; when `done` is `total`, former keys can be removed.");
        administration.MapPost("/system/keys/rotate", Rotate).Audit("key:rotate", OfKey).RequirePermission(Permissions.SystemManage).WithSummary("Make a new key and re-wrap all data keys with it").WithDescription("Everything goes on meanwhile.");
        administration.MapGet("/system", Show).RequirePermission(Permissions.SystemManage).WithSummary("Version, address and size of this installation");
    }

    private static async Task<Ok<List<UserSummary>>> List(ClaimsPrincipal user, Accounts accounts, CancellationToken cancellationToken) =>
        TypedResults.Ok(await accounts.List(user.Tenant(), cancellationToken));

    private static async Task<Results<Created<UserSummary>, ProblemHttpResult>> Create(CreateUser request, ClaimsPrincipal user, Accounts accounts, CancellationToken cancellationToken) =>
        await accounts.Create(user.Tenant(), request, user, cancellationToken) switch
        {
            ({ } created, _) => TypedResults.Created($"{Routes.Api}/users/{created.Name}", created),
            (_, var problem) => problem!.Answer(),
        };

    private static async Task<Results<Ok<UserSummary>, ProblemHttpResult>> Update(
        string name, UpdateUser request, ClaimsPrincipal user, Accounts accounts, CancellationToken cancellationToken) =>
        await accounts.Update(user.Tenant(), name, request, user, cancellationToken) switch
        {
            ({ } changed, _) => TypedResults.Ok(changed),
            (null, { } problem) => problem.Answer(),
            _ => Nobody(name),
        };

    private static async Task<Results<Ok<List<SessionSummary>>, ProblemHttpResult>> ListSessions(
        string name, ClaimsPrincipal user, UsersStore users, Accounts accounts, Sessions sessions, CancellationToken cancellationToken) =>
        await users.ByName(user.Tenant(), name, cancellationToken) is not { } other ? Nobody(name)
        : await accounts.Beyond(user, other, cancellationToken) is { } beyond ? beyond.Answer()
        : TypedResults.Ok(await sessions.List(other.Id, user.Session(), cancellationToken));

    private static async Task<Results<NoContent, ProblemHttpResult>> EndSessions(
        string name, ClaimsPrincipal user, UsersStore users, Accounts accounts, Sessions sessions, CancellationToken cancellationToken)
    {
        if (await users.ByName(user.Tenant(), name, cancellationToken) is not { } other) return Nobody(name);
        if (await accounts.Beyond(user, other, cancellationToken) is { } beyond) return beyond.Answer();
        await sessions.EndAll(other.Id, except: null, cancellationToken);
        return TypedResults.NoContent();
    }

    private static ProblemHttpResult Nobody(string name) => Problems.NotFound($"There is no user '{name}'.");

    private static async Task<Ok<SystemInfo>> Show(
        ClaimsPrincipal user, WebOptions options, UsersStore users, ProjectsReadModel projects, AgentsReadModel agents, CancellationToken cancellationToken) =>
        TypedResults.Ok(new SystemInfo
        {
            Version = typeof(AdministrationEndpoints).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "",
            Url = options.PublicUrl,
            Os = RuntimeInformation.OSDescription,
            Runtime = RuntimeInformation.FrameworkDescription,
            StartedAt = Started(),
            Memory = Environment.WorkingSet,
            Users = (await users.List(user.Tenant(), cancellationToken)).Count,
            Projects = (await projects.List(user.Tenant(), new() { Take = 1 }, cancellationToken)).Total,
            Agents = (await agents.List(user.Tenant(), cancellationToken)).Count,
        });

    private static async Task<Results<Ok<KeyStatus>, ProblemHttpResult>> Keys(KeyRotation rotation, CancellationToken cancellationToken)
    {
        try
        {
            return TypedResults.Ok(await rotation.Status(cancellationToken));
        }
        catch (KeyProviderException unusable)
        {
            return Problems.Conflict(unusable.Message);
        }
    }

    private static async Task<Results<Ok<KeyStatus>, ProblemHttpResult>> Rotate(KeyRotation rotation, AuditLog audit, HttpContext http, CancellationToken cancellationToken)
    {
        try
        {
            var made = await rotation.Begin(cancellationToken);
            await audit.Record(http.AuditSource().Allowed(Rotated, AuditedEndpoints.Target(http, Rotated), after: Made(made)), CancellationToken.None);
            return TypedResults.Ok(await rotation.Status(cancellationToken));
        }
        catch (KeyProviderException unusable)
        {
            return Problems.Conflict(unusable.Message);
        }
    }

    /// <summary>What the audit log calls that there is a new key: its id is not known before it is made, so it has an entry of its own.</summary>
    internal const string Rotated = "key:rotated";

    /// <summary>Also for pages.</summary>
    internal static AuditFields Made(string key) => new() { ["key"] = key };

    /// <summary>Also for pages.</summary>
    internal static AuditFields Fields(KeyStatus status) => new() { ["provider"] = status.Provider, ["key"] = status.Key };

    private static FormerState OfKey { get; } = async request =>
    {
        try
        {
            return Fields(await request.Get<KeyRotation>().Status(request.HttpContext.RequestAborted));
        }
        catch (KeyProviderException)
        {
            return null; // The handler says why.
        }
    };

    private static DateTimeOffset Started()
    {
        using var process = System.Diagnostics.Process.GetCurrentProcess();
        return new DateTimeOffset(process.StartTime);
    }
}
