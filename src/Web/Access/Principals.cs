using System.Globalization;
using System.Security.Claims;
using System.Security.Cryptography;
using System.Text;
using PRTS.Contracts.Access;
using PRTS.Contracts.Builds;
using PRTS.Storage.Users;

namespace PRTS.Web.Access;

/// <summary>A person with the facts that decide their rights, as they were when the request came in or the open page last heard of a change.</summary>
public sealed class PersonIdentity(IEnumerable<Claim> claims, string scheme, AccessFacts facts) : ClaimsIdentity(claims, scheme, ClaimTypes.Name, roleType: null)
{
    public AccessFacts Facts => facts;

    public override ClaimsIdentity Clone() => new PersonIdentity(Claims, AuthenticationType!, facts);
}

/// <summary>How a request's user is written as claims, and read again.</summary>
public static class Principals
{
    private const string TenantClaim = "prts:tenant";
    private const string StampClaim = "prts:stamp";
    private const string AttemptClaim = "prts:attempt";
    private const string SessionClaim = "prts:session";
    private const string TokenClaim = "prts:token";
    private const string ExpiresClaim = "prts:expires";
    private const string JobClaim = "prts:job";
    private const string AgentClaim = "prts:agent";

    public static ClaimsPrincipal Of(StoredUser user, AccessFacts facts, string scheme) => new(new PersonIdentity(
        [
            new(ClaimTypes.NameIdentifier, user.Id.ToString()),
            new(ClaimTypes.Name, user.Name),
            new(TenantClaim, user.Tenant),
            new(StampClaim, Stamp(user)),
        ],
        scheme, facts));

    /// <summary>The same person, in this session.</summary>
    public static ClaimsPrincipal OfSession(this ClaimsPrincipal user, Guid session) => With(user, SessionClaim, session);

    /// <summary>The same person, by this access token.</summary>
    public static ClaimsPrincipal OfToken(this ClaimsPrincipal user, Guid token) => With(user, TokenClaim, token);

    /// <summary>The same, by a token that is good for minutes.</summary>
    public static ClaimsPrincipal Until(this ClaimsPrincipal user, DateTimeOffset expires)
    {
        ((ClaimsIdentity)user.Identity!).AddClaim(new(ExpiresClaim, expires.ToString("O", CultureInfo.InvariantCulture)));
        return user;
    }

    /// <summary>When a short-lived token ends; null for who came with something else.</summary>
    public static DateTimeOffset? Expires(this ClaimsPrincipal user) =>
        user.FindFirstValue(ExpiresClaim) is { } text ? DateTimeOffset.Parse(text, CultureInfo.InvariantCulture) : null;

    /// <summary>A job that shows a token of its own. It is nobody's account.</summary>
    public static ClaimsPrincipal OfJob(AttemptId attempt, string agent, string scheme) => new(new PersonIdentity(
        [new(ClaimTypes.Name, attempt.Job.ToString()), new(TenantClaim, attempt.Job.Build.Project.Tenant), new(JobClaim, attempt.Key), new(AgentClaim, agent)],
        scheme, AccessRules.OfJob(attempt.Job)));

    /// <summary>Null for who is no job.</summary>
    public static (AttemptId Attempt, string Agent)? Job(this ClaimsPrincipal user) =>
        user.FindFirstValue(JobClaim) is { } key ? (AttemptId.FromKey(key), user.FindFirstValue(AgentClaim)!) : null;

    /// <summary>Null for who has none: not a browser.</summary>
    public static Guid? Session(this ClaimsPrincipal user) => Id(user, SessionClaim);

    /// <summary>Null for who did not come with an access token.</summary>
    public static Guid? Token(this ClaimsPrincipal user) => Id(user, TokenClaim);

    private static Guid? Id(ClaimsPrincipal user, string claim) => Guid.TryParse(user.FindFirstValue(claim), out var id) ? id : null;

    private static ClaimsPrincipal With(ClaimsPrincipal user, string claim, Guid id)
    {
        ((ClaimsIdentity)user.Identity!).AddClaim(new(claim, id.ToString()));
        return user;
    }

    /// <summary>An agent that acts for one attempt. It has no facts, so what it may do is only what names the attempt.</summary>
    public static ClaimsPrincipal Of(AttemptId attempt, string agent, string scheme) => new(new ClaimsIdentity(
        [new(ClaimTypes.Name, agent), new(TenantClaim, attempt.Job.Build.Project.Tenant), new(AttemptClaim, attempt.Key)],
        scheme, ClaimTypes.Name, roleType: null));

    /// <summary>Null for who is not logged in, and for agents.</summary>
    public static AccessFacts? Facts(this ClaimsPrincipal user) => (user.Identity as PersonIdentity)?.Facts;

    /// <summary>Whether the user may do it there.</summary>
    public static bool May(this ClaimsPrincipal user, string permission, AccessScope scope) => user.Facts() is { } facts && AccessRules.Allows(facts, permission, scope);

    /// <summary>Whether there is any place where the user may.</summary>
    public static bool MayAnywhere(this ClaimsPrincipal user, string permission) => user.Facts() is { } facts && AccessRules.AllowsAnywhere(facts, permission);

    /// <summary>The places whose things a list may show.</summary>
    public static IReadOnlyList<AccessScope> Places(this ClaimsPrincipal user, string permission) => user.Facts() is { } facts ? AccessRules.Where(facts, permission) : [];

    public static string Tenant(this ClaimsPrincipal user) =>
        user.FindFirstValue(TenantClaim) ?? throw new InvalidOperationException("The request has no user; its endpoint must require one.");

    public static Guid UserId(this ClaimsPrincipal user) => Guid.Parse(user.FindFirstValue(ClaimTypes.NameIdentifier) ?? "");

    /// <summary>The user's name, as builds and commits show who acted.</summary>
    public static string Actor(this ClaimsPrincipal user) => user.Identity?.Name ?? "";

    public static AttemptId? Attempt(this ClaimsPrincipal user) => user.FindFirstValue(AttemptClaim) is { } key ? AttemptId.FromKey(key) : null;

    /// <summary>Whether the password is the one that the claims were made with.</summary>
    public static bool Matches(this ClaimsPrincipal principal, StoredUser user) => principal.FindFirstValue(StampClaim) == Stamp(user);

    /// <summary>Changes when the password does, which ends all sessions; tells nothing about it.</summary>
    internal static string Stamp(StoredUser user) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(user.PasswordHash ?? "")).AsSpan(0, 8));
}
