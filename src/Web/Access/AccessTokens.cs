using PRTS.Api.Access;
using PRTS.Audit;
using PRTS.Contracts.Access;
using PRTS.Storage.Users;

namespace PRTS.Web.Access;

/// <summary>A user's personal access tokens, for the API and for pages.</summary>
public sealed class AccessTokens(AccessTokensStore store, TimeProvider time)
{
    /// <summary>What is wrong with the request; null when nothing is.</summary>
    public static string? Problem(CreateAccessToken request) =>
        request.Name.Trim().Length is < 1 or > 100 ? "A token's name has 1 to 100 characters that say what it is for."
        : request.ExpiresInDays is < 1 or > 3650 ? $"'expiresInDays' is {request.ExpiresInDays}; it must be from 1 to 3650, or left out for a token that does not expire."
        : LimitProblem(request.Permissions, request.Scope);

    /// <summary>What is wrong with what a token shall be cut down to; null when nothing is.</summary>
    public static string? LimitProblem(IReadOnlyList<string>? permissions, string scope) =>
        permissions is { Count: 0 } ? "A token without a permission is good for nothing. Leave 'permissions' out for all that you may do."
        : permissions?.FirstOrDefault(pattern => !AccessRules.IsPattern(pattern)) is { } unknown ? $"'{unknown}' is no permission. There are {string.Join(", ", AccessRules.All.Order(StringComparer.Ordinal))}; noun:* stands for all of a noun, * for all."
        : AccessScope.Parse(scope) is null ? $"'{scope}' is no place: it is org, org/project, or nothing for the whole tenant."
        : null;

    /// <summary>As the audit log writes it.</summary>
    public static AuditFields Fields(CreateAccessToken request) =>
        new() { ["name"] = request.Name, ["permissions"] = string.Join(' ', request.Permissions ?? []), ["scope"] = request.Scope, ["days"] = request.ExpiresInDays ?? 0 };

    public async Task<CreatedAccessToken> Create(Guid user, CreateAccessToken request, CancellationToken cancellationToken = default)
    {
        var secret = Credentials.Create(Credentials.AccessTokenPrefix);
        var now = time.GetUtcNow();
        var token = new StoredAccessToken
        {
            Id = Guid.NewGuid(),
            UserId = user,
            Name = request.Name.Trim(),
            Prefix = Credentials.Recognisable(secret),
            CreatedAt = now,
            ExpiresAt = request.ExpiresInDays is { } days ? now.AddDays(days) : null,
            Limit = request.Permissions is null && request.Scope.Length == 0 ? null : new(request.Permissions ?? ["*"], AccessScope.Parse(request.Scope)!.Value),
        };
        await store.Create(token, Credentials.Sha256(secret), cancellationToken);
        return new CreatedAccessToken { Token = secret, Summary = Summary(token) };
    }

    public async Task<List<AccessTokenSummary>> List(Guid user, CancellationToken cancellationToken = default) =>
        [.. (await store.List(user, cancellationToken)).Select(Summary)];

    /// <returns>Whether the user had it.</returns>
    public Task<bool> Revoke(Guid user, Guid id, CancellationToken cancellationToken = default) => store.Delete(user, id, cancellationToken);

    private static AccessTokenSummary Summary(StoredAccessToken token) => new()
    {
        Id = token.Id,
        Name = token.Name,
        Prefix = token.Prefix,
        CreatedAt = token.CreatedAt,
        ExpiresAt = token.ExpiresAt,
        LastUsedAt = token.LastUsedAt,
        Permissions = token.Limit?.Permissions,
        Scope = token.Limit?.Scope.ToString() ?? "",
    };
}
