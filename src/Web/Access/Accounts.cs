using System.Text.RegularExpressions;
using PRTS.Api.Access;
using PRTS.Contracts.Access;
using PRTS.Storage.Users;

namespace PRTS.Web.Access;

/// <summary>Accounts, for the API and for pages. A problem says what is wrong and what would be right.</summary>
public sealed partial class Accounts(UsersStore users, PasswordHasher hasher, TimeProvider time)
{
    public static string Name(Role role) => role.ToString().ToLowerInvariant();

    public static string? PasswordProblem(string password) =>
        password.Length is >= 8 and <= 1024 ? null : $"The password has {password.Length} characters; it must have 8 to 1024.";

    public async Task<List<UserSummary>> List(string tenant, CancellationToken cancellationToken = default) =>
        [.. (await users.List(tenant, cancellationToken)).Select(Summary)];

    /// <returns>The account, or the problem.</returns>
    public async Task<(UserSummary? User, string? Problem)> Create(string tenant, CreateUser request, CancellationToken cancellationToken = default)
    {
        if (!UserName().IsMatch(request.Name)) return (null, $"'{request.Name}' cannot be a user's name: use 1–64 of a-z 0-9 . _ -, beginning with a letter or digit.");
        if (request.Name == ReservedForJobs) return (null, $"The name '{ReservedForJobs}' is what agents' Git uses; choose another.");
        if (PasswordProblem(request.Password) is { } problem) return (null, problem);
        if (ParseRole(request.Role) is not { } role) return (null, RoleProblem(request.Role));
        var user = new StoredUser
        {
            Id = Guid.NewGuid(),
            Tenant = tenant,
            Name = request.Name,
            Role = role.ToString(),
            CreatedAt = time.GetUtcNow(),
            PasswordHash = await hasher.Hash(request.Password, cancellationToken),
        };
        return await users.Create(user, cancellationToken) ? (Summary(user), null) : (null, $"There is a user '{request.Name}' already.");
    }

    /// <returns>The account as it is now, or the problem; neither when there is no such user.</returns>
    public async Task<(UserSummary? User, string? Problem)> Update(string tenant, string name, UpdateUser request, CancellationToken cancellationToken = default)
    {
        if (await users.ByName(tenant, name, cancellationToken) is not { } user) return (null, null);
        if (request.Password is { } password && PasswordProblem(password) is { } problem) return (null, problem);
        if (request.Role is { } roleName)
        {
            if (ParseRole(roleName) is not { } role) return (null, RoleProblem(roleName));
            var others = (await users.List(tenant, cancellationToken)).Any(other => other.Id != user.Id && ParseRole(other.Role) == Role.Admin);
            if (role != Role.Admin && ParseRole(user.Role) == Role.Admin && !others) return (null, $"'{name}' is the last administrator. Make another one first.");
            await users.SetRole(user.Id, role.ToString(), cancellationToken);
        }

        if (request.Password is { } changed) await SetPassword(user, changed, cancellationToken);
        return (Summary(await users.Get(user.Id, cancellationToken) ?? user), null);
    }

    public async Task SetPassword(StoredUser user, string password, CancellationToken cancellationToken = default) =>
        await users.SetPassword(user.Id, await hasher.Hash(password, cancellationToken), cancellationToken);

    private const string ReservedForJobs = "job";

    private static Role? ParseRole(string name) =>
        Enum.TryParse<Role>(name, ignoreCase: true, out var role) && Enum.IsDefined(role) && char.IsAsciiLetter(name[0]) ? role : null;

    private static string RoleProblem(string role) => $"'{role}' is no role. There are {string.Join(", ", Enum.GetValues<Role>().Select(Name))}.";

    private static UserSummary Summary(StoredUser user) => new()
    {
        Name = user.Name,
        Role = ParseRole(user.Role) is { } role ? Name(role) : "none",
        CreatedAt = user.CreatedAt,
        LockedUntil = user.LockedUntil,
    };

    [GeneratedRegex(@"\A[a-z0-9][a-z0-9._-]{0,63}\z", RegexOptions.CultureInvariant, matchTimeoutMilliseconds: 1000)]
    private static partial Regex UserName();
}
