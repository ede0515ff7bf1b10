using PRTS.Web.Access;

namespace PRTS.Web.Tests.Access;

public sealed class PasswordHasherTests : IDisposable
{
    private readonly PasswordHasher hasher = new();

    public void Dispose() => hasher.Dispose();

    [Fact]
    public async Task Hash_IsAPhcString_ThatOnlyItsPasswordFits()
    {
        var hash = await hasher.Hash("pässwörd ✓");
        Assert.StartsWith("$argon2id$v=19$m=19456,t=2,p=1$", hash, StringComparison.Ordinal);
        Assert.True(await hasher.Verify("pässwörd ✓", hash));
        Assert.False(await hasher.Verify("pässwörd", hash));
        Assert.NotEqual(hash, await hasher.Hash("pässwörd ✓"));
        Assert.False(PasswordHasher.IsOutdated(hash));
    }

    /// <summary>From the reference implementation: <c>echo -n password | argon2 somesalt -id -t 2 -k 65536 -p 1 -l 32</c>, which its own tests have too.</summary>
    [Fact]
    public async Task Verify_HashOfTheReferenceImplementation_Fits()
    {
        const string Reference = "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc";
        Assert.True(await hasher.Verify("password", Reference));
        Assert.True(PasswordHasher.IsOutdated(Reference));
    }

    [Theory]
    [InlineData("")]
    [InlineData("plain")]
    [InlineData("$argon2id$v=19$m=4294967296,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc")]
    [InlineData("$argon2i$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc")]
    public async Task Verify_OtherText_NeverFits(string stored) => Assert.False(await hasher.Verify("password", stored));

    [Fact]
    public async Task Verify_TooManyAtOnce_AreRefusedAtOnce()
    {
        using var enough = new CancellationTokenSource();
        var all = Enumerable.Range(0, 200).Select(_ => hasher.Verify("password", hasher.Nobody, enough.Token)).ToList();
        await enough.CancelAsync();
        await Task.WhenAll(all).ContinueWith(_ => { }, TaskScheduler.Default);
        Assert.Contains(all, one => one.Exception?.InnerException is TooManyPasswordsException);
        Assert.False(await hasher.Verify("password", hasher.Nobody));
    }
}
