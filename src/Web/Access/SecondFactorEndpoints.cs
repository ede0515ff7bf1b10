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

/// <summary>One-time passwords of one's own account, and their removal from another's by an administrator.</summary>
public static class SecondFactorEndpoints
{
    public static void MapSecondFactors(this RouteGroupBuilder api)
    {
        var own = api.MapGroup("/account/second-factor").WithTags("Account");
        own.RequirePermission(Permissions.AccountManage).ByWholeCredentials();
        own.MapGet("", Show).WithSummary("Whether I log in with a second factor");
        own.MapPost("", Begin).Audit("second-factor:begin", AccessAudit.OfOwnSecondFactor).WithSummary("Begin with an authenticator app").WithDescription("The secret is shown this once. It counts when a code of it was confirmed.");
        own.MapPost("/confirm", Confirm).Audit("second-factor:confirm", AccessAudit.OfOwnSecondFactor).WithSummary("Confirm it with a code").WithDescription("Answers recovery codes, which are shown this once.");
        own.MapPost("/recovery-codes", Renew).Audit("second-factor:renew", AccessAudit.OfOwnSecondFactor).WithSummary("Get other recovery codes").WithDescription("Those from before are worth nothing then.");
        own.MapPost("/remove", Remove).Audit("second-factor:remove", AccessAudit.OfOwnSecondFactor).WithSummary("Log in with the password alone").WithDescription("Needs a code.");
        api.MapDelete("/users/{name}/second-factor", Reset).Audit("second-factor:reset", AccessAudit.OfUsersSecondFactor).WithTags("Administration").RequirePermission(Permissions.UserManage).WithSummary("Remove a user's second factor").WithDescription("For those who lost theirs, recovery codes included.");
    }

    private static async Task<Ok<SecondFactorState>> Show(ClaimsPrincipal user, SecondFactors factors, CancellationToken cancellationToken) =>
        TypedResults.Ok(await factors.State(user.UserId(), cancellationToken));

    private static async Task<Results<Ok<NewSecondFactor>, ProblemHttpResult>> Begin(ClaimsPrincipal user, UsersStore users, SecondFactors factors, CancellationToken cancellationToken)
    {
        if (await users.Get(user.UserId(), cancellationToken) is not { PasswordHash: not null } account)
            return Problems.Conflict("The account has no password here: who logs it in asks for the second factor, too.");
        return await factors.Begin(account, cancellationToken) is { } begun ? TypedResults.Ok(begun) : Problems.Conflict("There is a second factor already. Remove it first.");
    }

    private static async Task<Results<Ok<RecoveryCodes>, ProblemHttpResult>> Confirm(
        SecondFactorCode request, ClaimsPrincipal user, UsersStore users, SecondFactors factors, CancellationToken cancellationToken) =>
        await factors.Confirm((await users.Get(user.UserId(), cancellationToken))!, request.Code, cancellationToken) is { } codes ? TypedResults.Ok(new RecoveryCodes { Codes = codes }) : Wrong();

    private static async Task<Results<Ok<RecoveryCodes>, ProblemHttpResult>> Renew(
        SecondFactorCode request, ClaimsPrincipal user, HttpContext http, UsersStore users, SecondFactors factors, CancellationToken cancellationToken) =>
        await factors.Renew((await users.Get(user.UserId(), cancellationToken))!, request.Code, http.Connection.RemoteIpAddress, cancellationToken) is { } codes
            ? TypedResults.Ok(new RecoveryCodes { Codes = codes })
            : Wrong();

    private static async Task<Results<NoContent, ProblemHttpResult>> Remove(
        SecondFactorCode request, ClaimsPrincipal user, HttpContext http, UsersStore users, SecondFactors factors, CancellationToken cancellationToken)
    {
        if (!await factors.Check((await users.Get(user.UserId(), cancellationToken))!, request.Code, http.Connection.RemoteIpAddress, cancellationToken)) return Wrong();
        await factors.Remove(user.UserId(), cancellationToken);
        return TypedResults.NoContent();
    }

    private static async Task<Results<NoContent, ProblemHttpResult>> Reset(string name, ClaimsPrincipal user, UsersStore users, Accounts accounts, SecondFactors factors, CancellationToken cancellationToken)
    {
        if (await users.ByName(user.Tenant(), name, cancellationToken) is not { } other) return Problems.NotFound($"There is no user '{name}'.");
        if (await accounts.Beyond(user, other, cancellationToken) is { } beyond) return Problems.Of(StatusCodes.Status403Forbidden, "forbidden", beyond.Text);
        return await factors.Remove(other.Id, cancellationToken) ? TypedResults.NoContent() : Problems.NotFound($"'{name}' has no second factor.");
    }

    private static ProblemHttpResult Wrong() => Problems.Of(
        StatusCodes.Status403Forbidden, "wrong-code", "The code is wrong, was used already, or the account is locked for a while after repeated failures. Codes change every 30 seconds; the clock of the device must be right.");
}
