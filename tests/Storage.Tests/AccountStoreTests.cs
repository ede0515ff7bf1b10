using Microsoft.Extensions.Logging.Abstractions;
using PRTS.Contracts.Access;
using PRTS.Storage.Access;
using PRTS.Storage.Users;

namespace PRTS.Storage.Tests;

public sealed class AccountStoreTests
{
    private readonly string tenant = $"t{Guid.NewGuid():N}";
    private readonly ManualTime time = ManualTime.Start;
    private readonly UsersStore users;
    private readonly AccessTokensStore tokens;

    public AccountStoreTests(StorageFixture storage)
    {
        users = new(storage.Database, new AccessWatch(storage.Database, NullLogger<AccessWatch>.Instance), time);
        tokens = new(storage.Database, time);
    }

    [Fact]
    public async Task Create_SameNameInOtherCase_IsRefused()
    {
        Assert.True(await users.Claim(tenant, Guid.NewGuid(), Profile("Ann")));
        Assert.False(await users.Claim(tenant, Guid.NewGuid(), Profile("ann")));

        Assert.Equal("Ann", (await users.ByName(tenant, "ANN"))!.Name);
        Assert.Null(await users.ByName(tenant + "x", "Ann"));
        Assert.Single(await users.List(tenant));
    }

    [Fact]
    public async Task RecordFailure_ManyAtOnce_LocksAndSuccessUnlocks()
    {
        var user = await User("Ann");

        var locks = await Task.WhenAll(Enumerable.Range(0, 5).Select(_ => users.RecordFailure(user.Id, 5, TimeSpan.FromMinutes(15))));

        Assert.Equal(time.Now.AddMinutes(15), Assert.Single(locks, until => until is not null));
        Assert.Equal((5, time.Now.AddMinutes(15)), ((await users.Get(user.Id))!.FailedCount, (await users.Get(user.Id))!.LockedUntil));
        time.Now = time.Now.AddHours(1);
        Assert.Null(await users.RecordFailure(user.Id, 5, TimeSpan.FromMinutes(15)));
        await users.RecordSuccess(user.Id);
        Assert.Equal((0, null), ((await users.Get(user.Id))!.FailedCount, (await users.Get(user.Id))!.LockedUntil));
        await users.SetPassword(user.Id, "new");
        await users.SetCulture(user.Id, "zh-Hans");
        var changed = (await users.Get(user.Id))!;
        Assert.Equal(("new", "zh-Hans"), (changed.PasswordHash, changed.Culture));
    }

    [Fact]
    public async Task Use_Token_NotesItOnceAMinuteUntilItExpires()
    {
        var user = await User("Ann");
        var secret = Guid.NewGuid().ToByteArray();
        var token = new StoredAccessToken { Id = Guid.NewGuid(), UserId = user.Id, Name = "ci", Prefix = "prts_ab", CreatedAt = time.Now, ExpiresAt = time.Now.AddHours(1) };
        await tokens.Create(token, secret);

        var (_, owner) = Assert.NotNull(await tokens.Use(secret));
        Assert.Equal("Ann", owner.Name);
        var first = time.Now;
        time.Now = first.AddSeconds(59);
        await tokens.Use(secret);
        Assert.Equal(first, (await tokens.List(user.Id))[0].LastUsedAt);
        time.Now = first.AddSeconds(60);
        await tokens.Use(secret);
        Assert.Equal(time.Now, (await tokens.List(user.Id))[0].LastUsedAt);
        time.Now = first.AddHours(1);
        Assert.Null(await tokens.Use(secret));
        Assert.Null(await tokens.Use([1]));
        Assert.False(await tokens.Delete(Guid.NewGuid(), token.Id));
        Assert.True(await tokens.Delete(user.Id, token.Id));
    }

    private async Task<StoredUser> User(string name)
    {
        var id = Guid.NewGuid();
        await users.Claim(tenant, id, Profile(name));
        return (await users.Get(id))!;
    }

    private UserProfile Profile(string name) => new() { Name = name, CreatedAt = time.Now };
}
