using System.Text.RegularExpressions;
using PRTS.Api.Access;
using PRTS.Audit;
using PRTS.Contracts;
using PRTS.Contracts.Access;
using PRTS.Storage.Audit;
using PRTS.Storage.Users;

namespace PRTS.Web.Access.SignIn;

/// <summary>What a provider says of somebody.</summary>
/// <param name="Subject">By which it knows the person for ever; never shown. With the name that the provider has in its protocol: another one that is set up in its place knows other people by the same words.</param>
/// <param name="Name">What the account is to be called, as far as that is possible.</param>
/// <param name="Groups">All groups of the person that it told.</param>
public sealed record ExternalIdentity(string Subject, string Name, string DisplayName, string? Email, IReadOnlyList<string> Groups);

/// <summary>The account of whom a provider vouches for: known, or made now; in the teams that its groups fill. What that changes is recorded before it is.</summary>
public sealed partial class ExternalAccounts(UsersStore users, Accounts accounts, IGrainFactory grains, AuditLog audit, TimeProvider time)
{
    private const int LongestText = 200;
    private const int MostNames = 100;
    private const string Everybody = "*";

    /// <returns>The account, or why nobody signs in, in a sentence for the administrator's eyes.</returns>
    public async Task<(StoredUser? User, string? Problem)> Accept(string tenant, SignInProvider provider, ExternalIdentity identity, CancellationToken cancellationToken = default)
    {
        // An account is never found by its name or address: whoever may choose those elsewhere would get into it.
        var user = await users.ByIdentity(tenant, provider.Name, identity.Subject, cancellationToken);
        if (user is null && !provider.MakesAccounts) return (null, $"'{Short(identity.Name)}' has no account here, and {provider.Title} makes none.");
        user ??= await Make(tenant, provider, identity, cancellationToken);
        if (user is null) return (null, $"No name like '{Short(identity.Name)}' is free.");
        // Also for accounts that were linked before the subject had the provider's own name in it.
        await grains.User(tenant, user.Id).Link(provider.Name, identity.Subject);
        if (!user.Enabled) return (null, $"The account '{user.Name}' is disabled.");
        await Refresh(tenant, provider, user, identity, cancellationToken);
        await Fill(tenant, provider, user, identity, cancellationToken);
        return (user, null);
    }

    private async Task<StoredUser?> Make(string tenant, SignInProvider provider, ExternalIdentity identity, CancellationToken cancellationToken)
    {
        var wanted = NameOf(identity);
        for (var number = 1; number <= MostNames; number++)
        {
            var name = number == 1 ? wanted : $"{wanted[..Math.Min(wanted.Length, 58)]}-{number}";
            var profile = new UserProfile { Name = name, DisplayName = Short(identity.DisplayName), Email = identity.Email, CreatedAt = time.GetUtcNow() };
            if (Accounts.NameProblem(name) is not null || await users.ByName(tenant, name, cancellationToken) is not null) continue;
            await audit.Record(By(tenant, provider).Allowed("user:create", new("user", name), after: Fields(profile.DisplayName, profile.Email)), cancellationToken);
            if (await accounts.Create(tenant, profile, Role.None) is not { } id)
            {
                await audit.Record(By(tenant, provider).Failed("user:create", new("user", name), "Somebody else has taken the name meanwhile."), CancellationToken.None);
                continue;
            }

            await grains.User(tenant, id).Link(provider.Name, identity.Subject);
            // Somebody who came twice at once has one account: the one that was linked first.
            return await users.ByIdentity(tenant, provider.Name, identity.Subject, cancellationToken);
        }

        return null;
    }

    private async Task Refresh(string tenant, SignInProvider provider, StoredUser user, ExternalIdentity identity, CancellationToken cancellationToken)
    {
        if (user.DisplayName == Short(identity.DisplayName) && user.Email == identity.Email) return;
        await audit.Record(By(tenant, provider).Allowed("user:update", new("user", user.Name), Fields(user.DisplayName, user.Email), Fields(Short(identity.DisplayName), identity.Email)), cancellationToken);
        if (await grains.User(tenant, user.Id).Get() is { } profile)
            await grains.User(tenant, user.Id).Update(profile with { DisplayName = Short(identity.DisplayName), Email = identity.Email });
    }

    private async Task Fill(string tenant, SignInProvider provider, StoredUser user, ExternalIdentity identity, CancellationToken cancellationToken)
    {
        foreach (var rules in provider.Groups.GroupBy(rule => rule.Team, StringComparer.Ordinal))
        {
            if (rules.Key.Split('/') is not [var org, var team]) continue;
            var belongs = rules.Any(rule => rule.Group == Everybody || identity.Groups.Any(group => Matches(rule.Group, group)));
            var filled = grains.Team(tenant, org, team);
            if (await filled.Members() is not { } members || members.Contains(user.Id) == belongs) continue;
            await audit.Record(By(tenant, provider).Allowed(belongs ? "team:add-member" : "team:remove-member", new("team", $"{team}/{user.Name}", Name: null, org), after: belongs ? DirectoryChanges.Added(user.Name) : null), cancellationToken);
            await filled.SetMember(user.Id, belongs);
        }
    }

    /// <summary>Nobody asked for it: it follows from the rules of the provider.</summary>
    private static AuditSource By(string tenant, SignInProvider provider) => AuditSource.OfSystem(tenant, $"sign-in-provider {provider.Name}");

    private static AuditFields Fields(string? displayName, string? email) => new() { ["displayName"] = displayName, ["email"] = email };

    /// <summary>Distinguished names have slashes, dots and brackets of their own, so only the star means anything.</summary>
    private static bool Matches(string pattern, string group) => pattern.Contains('*', StringComparison.Ordinal)
        ? Regex.IsMatch(group, $"\\A{Regex.Escape(pattern).Replace("\\*", ".*", StringComparison.Ordinal)}\\z", RegexOptions.CultureInvariant | RegexOptions.NonBacktracking, TimeSpan.FromSeconds(1))
        : string.Equals(pattern, group, StringComparison.Ordinal);

    /// <summary>The nearest that an account can have.</summary>
    private static string NameOf(ExternalIdentity identity)
    {
        var text = identity.Name.Contains('@', StringComparison.Ordinal) ? identity.Name[..identity.Name.IndexOf('@', StringComparison.Ordinal)] : identity.Name;
        var name = Strange().Replace(text.ToLowerInvariant(), "-").Trim('-', '.', '_');
        return name.Length == 0 ? "user" : name[..Math.Min(name.Length, 64)];
    }

    private static string Short(string text) => text.Length <= LongestText ? text : text[..LongestText];

    [GeneratedRegex("[^a-z0-9._-]+", RegexOptions.CultureInvariant, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Strange();
}
