using Orleans.Runtime;
using PRTS.Contracts.Access;
using PRTS.Contracts.Agents;
using PRTS.Storage.Users;

namespace PRTS.Grains.Access;

/// <summary>One account. The name is claimed in the table of users, which alone can say that it is unique, before the state is written.</summary>
[GrainType("user"), ServersOnly]
public sealed class UserGrain([PersistentState("user", "prts")] IPersistentState<UserState> state, UsersStore users)
    : ProjectedGrain<UserState>(new(state)), IUserGrain
{
    private (string Tenant, Guid User) Id =>
        this.GetPrimaryKeyString().Split('/') is [var tenant, var user] && Guid.TryParse(user, out var id) ? (tenant, id) : throw new FormatException("A user's key is tenant/id.");

    public async Task<bool> Create(UserProfile profile) =>
        Value.Profile is null ? await Claim(profile) && await Change(now => Next(now) with { Profile = profile }) : Value.Profile.Name == profile.Name;

    public async Task<bool> Update(UserProfile profile)
    {
        if (Value.Profile is not { } known || (known.Name != profile.Name && !await Claim(profile))) return false;
        var next = known with { Name = profile.Name, DisplayName = profile.DisplayName, Email = profile.Email };
        await Change(now => now.Profile == next ? now : Next(now) with { Profile = next });
        return true;
    }

    public async Task<bool> SetEnabled(bool enabled)
    {
        if (Value.Profile is null) return false;
        await Change(now => now.Profile!.Enabled == enabled ? now : Next(now) with { Profile = now.Profile with { Enabled = enabled } });
        return true;
    }

    public async Task<bool> Link(string provider, string subject)
    {
        if (Value.Profile is null) return false;
        var identity = new LinkedIdentity(provider, subject);
        await Change(now => now.Identities.Contains(identity) ? now : Next(now) with { Identities = [.. now.Identities, identity] });
        return true;
    }

    public Task<UserProfile?> Get() => Task.FromResult(Value.Profile);

    protected override Task Project(UserState state) => state.Profile is null
        ? Task.CompletedTask
        : users.Project(Id.Tenant, Id.User, state.Version, state.Profile, [.. state.Identities.Select(identity => (identity.Provider, identity.Subject))]);

    protected override bool IsEmpty(UserState state) => state.Profile is null;

    protected override async Task<UserState> Adopt(UserState empty) => await users.Get(Id.User) is { } known && known.Tenant == Id.Tenant
        ? Next(empty) with { Profile = new() { Name = known.Name, DisplayName = known.DisplayName, Email = known.Email, Enabled = known.Enabled, CreatedAt = known.CreatedAt } }
        : empty;

    private Task<bool> Claim(UserProfile profile) => users.Claim(Id.Tenant, Id.User, profile);

    private static UserState Next(UserState state) => state with { Version = state.Version + 1 };
}
