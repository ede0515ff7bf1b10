using System.Security.Claims;
using System.Text.RegularExpressions;
using PRTS.Api.Access;
using PRTS.Audit;
using PRTS.Contracts;
using PRTS.Contracts.Access;
using PRTS.Storage.Access;
using PRTS.Storage.Users;

namespace PRTS.Web.Access;

/// <summary>Accounts, for the API and for pages. A problem says what is wrong and what would be right.</summary>
public sealed partial class Accounts(UsersStore users, SessionsStore sessions, DirectoryReadModel directory, AccessFactsStore facts, IGrainFactory grains, PasswordHasher hasher, TimeProvider time)
{
    public static string Name(Role role) => role.ToString().ToLowerInvariant();

    /// <summary>The highest built-in role that the user has in the whole tenant; <c>none</c> without one.</summary>
    public static string TenantRole(AccessFacts facts) => Name(!facts.Enabled ? Role.None : facts.Roles
        .Where(held => held.Scope == AccessScope.Tenant).Select(held => AccessRules.ParseRole(held.Role) ?? Role.None).DefaultIfEmpty(Role.None).Max());

    /// <param name="name">The account's, which a password must not repeat.</param>
    public static string? PasswordProblem(string password, string? name = null) => PasswordPolicy.Problem(password, name);

    /// <summary>What the audit log says of an account that is made.</summary>
    public static AuditFields Fields(CreateUser request)
    {
        var fields = new AuditFields { ["name"] = request.Name, ["role"] = request.Role };
        if (request.Enabled is { } enabled) fields["enabled"] = enabled;
        return fields;
    }

    /// <summary>What the audit log says of an account that is changed.</summary>
    public static AuditFields Fields(UpdateUser request)
    {
        var fields = new AuditFields();
        if (request.Role is { } role) fields["role"] = role;
        if (request.Enabled is { } enabled) fields["enabled"] = enabled;
        if (request.Password is not null) fields["password"] = AuditValue.Secret;
        return fields;
    }

    public async Task<List<UserSummary>> List(string tenant, CancellationToken cancellationToken = default)
    {
        var roles = (await directory.Grants(tenant, AccessScope.Tenant, cancellationToken)).Where(grant => grant.User is not null)
            .ToLookup(grant => grant.User!, grant => AccessRules.ParseRole(grant.Role) ?? Role.None, StringComparer.Ordinal);
        var proofs = await users.Proofs(tenant, cancellationToken);
        return
        [
            .. (await users.List(tenant, cancellationToken)).Select(user =>
                Summary(user, Name(user.Enabled ? roles[user.Name].DefaultIfEmpty(Role.None).Max() : Role.None), proofs.GetValueOrDefault(user.Id, StoredProofs.None))),
        ];
    }

    /// <summary>Null when there is no such user.</summary>
    public async Task<UserSummary?> Find(string tenant, string name, CancellationToken cancellationToken = default) =>
        await users.ByName(tenant, name, cancellationToken) is { } user ? await Summary(tenant, user.Id, cancellationToken) : null;

    /// <param name="by">Who makes it, and gives no role with more than they have; null: the installation itself.</param>
    /// <returns>The account, or the problem.</returns>
    public async Task<(UserSummary? User, Refused? Problem)> Create(string tenant, CreateUser request, ClaimsPrincipal? by, CancellationToken cancellationToken = default)
    {
        if ((NameProblem(request.Name) ?? PasswordProblem(request.Password, request.Name)) is { } wrong) return (null, Refused.Invalid(wrong));
        if (ParseRole(request.Role) is not { } role) return (null, Refused.Invalid(RoleProblem(request.Role)));
        if (BeyondOf(by, role) is { } beyond) return (null, beyond);
        if (await Create(tenant, new UserProfile { Name = request.Name, CreatedAt = time.GetUtcNow(), Enabled = request.Enabled ?? role != Role.None }, role) is not { } id)
            return (null, Refused.Invalid($"There is a user '{request.Name}' already."));
        await users.SetPassword(id, await hasher.Hash(request.Password, cancellationToken), cancellationToken);
        return (await Summary(tenant, id, cancellationToken), null);
    }

    /// <summary>An account without a password, with a role in the whole tenant.</summary>
    /// <returns>Null when the name is taken.</returns>
    public async Task<Guid?> Create(string tenant, UserProfile profile, Role role)
    {
        var id = Guid.NewGuid();
        if (!await grains.User(tenant, id).Create(profile)) return null;
        if (role != Role.None) await grains.Grants(tenant, AccessScope.Tenant).Give(GrantSubject.Of(id).ToString(), Name(role));
        return id;
    }

    /// <summary>Why an account is not theirs to change: whoever could give it a password could do what it may.</summary>
    public async Task<Refused?> Beyond(ClaimsPrincipal by, StoredUser user, CancellationToken cancellationToken = default) =>
        await facts.Get(user.Id, cancellationToken) is { } known && known.Roles.Any(held => !AccessRules.Has(by.Facts()!, held.Role, held.Scope))
            ? new(Refusal.Forbidden, $"'{user.Name}' may do more than you, so you cannot change that account. Ask somebody who may do as much.")
            : null;

    /// <param name="by">As above.</param>
    /// <returns>The account as it is now, or the problem; neither when there is no such user.</returns>
    public async Task<(UserSummary? User, Refused? Problem)> Update(string tenant, string name, UpdateUser request, ClaimsPrincipal? by, CancellationToken cancellationToken = default)
    {
        if (await users.ByName(tenant, name, cancellationToken) is not { } user) return (null, null);
        if (request.Password is { } password && PasswordProblem(password, name) is { } problem) return (null, Refused.Invalid(problem));
        var role = request.Role is { } roleName ? ParseRole(roleName) : null;
        if (request.Role is not null && role is null) return (null, Refused.Invalid(RoleProblem(request.Role)));
        if (((by is null ? null : await Beyond(by, user, cancellationToken)) ?? (role is { } asked ? BeyondOf(by, asked) : null)) is { } beyond) return (null, beyond);
        var enabled = request.Enabled ?? (role is { } given ? given != Role.None : null);
        if ((enabled == false || role is not (null or Role.Admin)) && await IsLastAdministrator(tenant, user, cancellationToken)) return (null, Refused.Invalid($"'{name}' is the last administrator. Make another one first."));
        // Who is disabled keeps the role, to have it again when enabled.
        if (role is { } next && (next != Role.None || enabled == true)) await grains.Grants(tenant, AccessScope.Tenant).Replace(GrantSubject.Of(user.Id).ToString(), next == Role.None ? null : Name(next));
        if (enabled is { } usable) await grains.User(tenant, user.Id).SetEnabled(usable);

        if (request.Password is { } changed) await SetPassword(user, changed, cancellationToken);
        return (await Summary(tenant, user.Id, cancellationToken), null);
    }

    private static Refused? BeyondOf(ClaimsPrincipal? by, Role role) => by is null || AccessRules.Has(by.Facts()!, Name(role), AccessScope.Tenant) ? null
        : new(Refusal.Forbidden, $"The role {Name(role)} has rights in the whole tenant that you do not have, so you cannot give it.");

    private async Task<bool> IsLastAdministrator(string tenant, StoredUser user, CancellationToken cancellationToken) =>
        await directory.Holders(tenant, Name(Role.Admin), except: user.Id, cancellationToken) == 0
        && await facts.Get(user.Id, cancellationToken) is { } known && TenantRole(known) == Name(Role.Admin);

    /// <summary>Ends all sessions, which were somebody's who knew the old one.</summary>
    public async Task SetPassword(StoredUser user, string password, CancellationToken cancellationToken = default)
    {
        await users.SetPassword(user.Id, await hasher.Hash(password, cancellationToken), cancellationToken);
        await sessions.EndAll(user.Id, cancellationToken: cancellationToken);
    }

    private const string ReservedForJobs = "job";

    internal static string? NameProblem(string name) =>
        !UserName().IsMatch(name) ? $"'{name}' cannot be a user's name: use 1–64 of a-z 0-9 . _ -, beginning with a letter or digit."
        : name == ReservedForJobs ? $"The name '{ReservedForJobs}' is what agents' Git uses; choose another."
        : null;

    private static Role? ParseRole(string name) => AccessRules.ParseRole(name);

    private static string RoleProblem(string role) => $"'{role}' is no role. There are {string.Join(", ", Enum.GetValues<Role>().Select(Name))}.";

    private async Task<UserSummary?> Summary(string tenant, Guid id, CancellationToken cancellationToken) =>
        await users.Get(id, cancellationToken) is { } user && user.Tenant == tenant && await facts.Get(id, cancellationToken) is { } known
            ? Summary(user, TenantRole(known), (await users.Proofs(tenant, cancellationToken)).GetValueOrDefault(id, StoredProofs.None))
            : null;

    private static UserSummary Summary(StoredUser user, string role, StoredProofs proofs) => new()
    {
        Name = user.Name,
        DisplayName = user.DisplayName,
        Email = user.Email,
        Role = role,
        Enabled = user.Enabled,
        CreatedAt = user.CreatedAt,
        LockedUntil = user.LockedUntil,
        SecondFactor = proofs.SecondFactor,
        Providers = proofs.Providers,
    };

    [GeneratedRegex(@"\A[a-z0-9][a-z0-9._-]{0,63}\z", RegexOptions.CultureInvariant, matchTimeoutMilliseconds: 1000)]
    private static partial Regex UserName();
}
