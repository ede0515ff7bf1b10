using System.Security.Claims;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;
using PRTS.Api.Access;
using PRTS.Contracts.Access;
using PRTS.Storage.Users;
using PRTS.Web.Audit;
using PRTS.Web.Rest;

namespace PRTS.Web.Access;

public static class AccountEndpoints
{
    public static void MapAccount(this RouteGroupBuilder api)
    {
        var account = api.MapGroup("/account").WithTags("Account");
        account.RequirePermission(Permissions.AccountManage);
        account.MapGet("", Me).WithSummary("Who am I, and what may I do");
        account.MapPost("/password", ChangePassword).Audit("account:set-password").WithSummary("Change the password").WithDescription("Ends all sessions of the account. Access tokens stay valid.");
        account.MapGet("/tokens", ListTokens).WithSummary("List my access tokens");
        account.MapPost("/tokens", CreateToken).ByWholeCredentials().Audit<CreateAccessToken>("access-token:create", AccessTokens.Fields, target: (request, address) => address with { Id = request.Name }).WithSummary("Create an access token").WithDescription("The secret is shown this once.");
        account.MapDelete("/tokens/{id:guid}", RevokeToken).ByWholeCredentials().Audit("access-token:revoke", AccessAudit.OfOwnKey).WithSummary("Revoke an access token");
        account.MapGet("/sessions", ListSessions).WithSummary("Where I am signed in");
        account.MapDelete("/sessions/{id:guid}", EndSession).ByWholeCredentials().Audit("session:end", AccessAudit.OfOwnSession).WithSummary("End a session").WithDescription("At once, with its open pages.");
        account.MapDelete("/sessions", EndSessions).ByWholeCredentials().Audit("session:end-others", AccessAudit.OfOwnSessions).WithSummary("End all sessions but the one that asks");
        api.MapPost("/account/tokens/short-lived", CreateShortLived).WithTags("Account").RequirePermission(Permissions.TokenExchange).Audit<CreateShortLivedToken>("access-token:exchange", ShortLivedTokens.Fields)
            .WithSummary("Have a short-lived token for my access token").WithDescription("A signed JSON Web Token, for a service that should not keep the access token itself. It ends with the access token at the latest.");
    }

    private static async Task<Ok<Me>> Me(ClaimsPrincipal user, UsersStore users, CancellationToken cancellationToken) => TypedResults.Ok(new Me
    {
        Name = user.Actor(),
        Role = Accounts.TenantRole(user.Facts()!),
        Permissions = [.. AccessRules.All.Where(user.MayAnywhere).Order(StringComparer.Ordinal)],
        Culture = (await users.Get(user.UserId(), cancellationToken))?.Culture,
    });

    private static async Task<Results<NoContent, ProblemHttpResult>> ChangePassword(
        ChangePassword request, ClaimsPrincipal user, HttpContext http, PasswordLogin login, Accounts accounts, CancellationToken cancellationToken)
    {
        if (Accounts.PasswordProblem(request.New, user.Actor()) is { } problem) return Problems.Invalid(problem);
        if ((await login.Check(user.Tenant(), user.Actor(), request.Current, http.Connection.RemoteIpAddress, cancellationToken)).User is not { } account)
            return Problems.Of(StatusCodes.Status403Forbidden, "wrong-password", "The current password is wrong, or the account is locked for a while after repeated failures.");
        await accounts.SetPassword(account, request.New, cancellationToken);
        return TypedResults.NoContent();
    }

    private static async Task<Ok<List<AccessTokenSummary>>> ListTokens(ClaimsPrincipal user, AccessTokens tokens, CancellationToken cancellationToken) =>
        TypedResults.Ok(await tokens.List(user.UserId(), cancellationToken));

    private static async Task<Results<Created<CreatedAccessToken>, ProblemHttpResult>> CreateToken(
        CreateAccessToken request, ClaimsPrincipal user, AccessTokens tokens, CancellationToken cancellationToken) =>
        user.Facts()!.Limit is not null
            ? Problems.Of(StatusCodes.Status403Forbidden, "forbidden", "A limited access token makes no others.")
            : AccessTokens.Problem(request) is { } problem
            ? Problems.Invalid(problem)
            : TypedResults.Created((string?)null, await tokens.Create(user.UserId(), request, cancellationToken));

    private static async Task<Results<Ok<ShortLivedToken>, ProblemHttpResult>> CreateShortLived(
        CreateShortLivedToken request, HttpContext http, ShortLivedTokens tokens)
    {
        http.Response.Headers.CacheControl = "no-store";
        var (token, problem) = await tokens.Create(http.User, request, http.RequestAborted);
        return token is null ? Problems.Invalid(problem!) : TypedResults.Ok(token);
    }

    private static async Task<Results<NoContent, ProblemHttpResult>> RevokeToken(Guid id, ClaimsPrincipal user, AccessTokens tokens, CancellationToken cancellationToken) =>
        await tokens.Revoke(user.UserId(), id, cancellationToken) ? TypedResults.NoContent() : Problems.NotFound("You have no such token.");

    private static async Task<Ok<List<SessionSummary>>> ListSessions(ClaimsPrincipal user, Sessions sessions, CancellationToken cancellationToken) =>
        TypedResults.Ok(await sessions.List(user.UserId(), user.Session(), cancellationToken));

    private static async Task<Results<NoContent, ProblemHttpResult>> EndSession(Guid id, ClaimsPrincipal user, Sessions sessions, CancellationToken cancellationToken) =>
        await sessions.End(user.UserId(), id, cancellationToken) ? TypedResults.NoContent() : Problems.NotFound("You have no such session.");

    private static async Task<NoContent> EndSessions(ClaimsPrincipal user, Sessions sessions, CancellationToken cancellationToken)
    {
        await sessions.EndAll(user.UserId(), user.Session(), cancellationToken);
        return TypedResults.NoContent();
    }
}
