using System.Security.Claims;
using System.Security.Cryptography;
using System.Text;
using PRTS.Contracts.Access;
using PRTS.Contracts.Builds;
using PRTS.Storage.Users;

namespace PRTS.Web.Access;

/// <summary>How a request's user is written as claims, and read again.</summary>
public static class Principals
{
    private const string RoleClaim = "prts:role";
    private const string TenantClaim = "prts:tenant";
    private const string StampClaim = "prts:stamp";
    private const string AttemptClaim = "prts:attempt";

    public static ClaimsPrincipal Of(StoredUser user, string scheme) => new(new ClaimsIdentity(
        [
            new(ClaimTypes.NameIdentifier, user.Id.ToString()),
            new(ClaimTypes.Name, user.Name),
            new(RoleClaim, user.Role),
            new(TenantClaim, user.Tenant),
            new(StampClaim, Stamp(user)),
        ],
        scheme, ClaimTypes.Name, RoleClaim));

    /// <summary>An agent that acts for one attempt. It has no role, so what it may do is only what names the attempt.</summary>
    public static ClaimsPrincipal Of(AttemptId attempt, string agent, string scheme) => new(new ClaimsIdentity(
        [new(ClaimTypes.Name, agent), new(TenantClaim, attempt.Job.Build.Project.Tenant), new(AttemptClaim, attempt.Key)],
        scheme, ClaimTypes.Name, RoleClaim));

    /// <summary>The role; none for who is not logged in and for agents.</summary>
    public static Role Role(this ClaimsPrincipal user) =>
        Enum.TryParse<Role>(user.FindFirstValue(RoleClaim), ignoreCase: true, out var role) && Enum.IsDefined(role) ? role : Contracts.Access.Role.None;

    public static bool May(this ClaimsPrincipal user, string permission) => AccessRules.Allows(user.Role(), permission);

    public static string Tenant(this ClaimsPrincipal user) =>
        user.FindFirstValue(TenantClaim) ?? throw new InvalidOperationException("The request has no user; its endpoint must require one.");

    public static Guid UserId(this ClaimsPrincipal user) => Guid.Parse(user.FindFirstValue(ClaimTypes.NameIdentifier) ?? "");

    /// <summary>The user's name, as builds and commits show who acted.</summary>
    public static string Actor(this ClaimsPrincipal user) => user.Identity?.Name ?? "";

    public static AttemptId? Attempt(this ClaimsPrincipal user) => user.FindFirstValue(AttemptClaim) is { } key ? AttemptId.FromKey(key) : null;

    /// <summary>Whether what the claims say is still so: the password is the same, the role too.</summary>
    public static bool Matches(this ClaimsPrincipal principal, StoredUser user) =>
        principal.FindFirstValue(StampClaim) == Stamp(user) && principal.FindFirstValue(RoleClaim) == user.Role;

    /// <summary>Changes when the password does, which ends all sessions; tells nothing about it.</summary>
    private static string Stamp(StoredUser user) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(user.PasswordHash)).AsSpan(0, 8));
}
