using System.Runtime.InteropServices;
using Net.Pkcs11Interop.Common;
using Net.Pkcs11Interop.HighLevelAPI;
using PRTS.Api.Secrets;
using PRTS.Shared;
using PRTS.Storage.Secrets.Keys;

namespace PRTS.Storage.Tests.Secrets;

/// <summary>A token of SoftHSM in this process, with one key made by the operator.</summary>
public sealed class SoftHsmFixture : IAsyncLifetime
{
    public const string Token = "prts";
    public const string Pin = "s3cret-pin";
    private readonly string directory = Directory.CreateTempSubdirectory("prts-hsm-").FullName;

    public static string Library { get; } = Directory.Exists("/usr/lib/softhsm") ? "/usr/lib/softhsm/libsofthsm2.so" : "/usr/lib64/pkcs11/libsofthsm2.so";

    public async ValueTask InitializeAsync()
    {
        if (!File.Exists(Library)) throw new InvalidOperationException("These tests need SoftHSM: apt-get install softhsm2.");
        var settings = Path.Combine(directory, "softhsm2.conf");
        await File.WriteAllTextAsync(settings, $"directories.tokendir = {directory}\nobjectstore.backend = file\nlog.level = ERROR\n");
        await Commands.Run("softhsm2-util", ["--init-token", "--free", "--label", Token, "--pin", Pin, "--so-pin", "12345678"], environment: new Dictionary<string, string>(StringComparer.Ordinal) { ["SOFTHSM2_CONF"] = settings });
        // The module asks the C library, which does not see what .NET's own call sets.
        Assert.Equal(0, SetEnvironment("SOFTHSM2_CONF", settings, 1));
        using var keys = new Pkcs11Keys(Config(), TimeProvider.System);
        await keys.Rotate();
    }

    public static Pkcs11Config Config() => new() { Library = Library, Token = Token, Pin = SecretText.Of(Pin), Key = "prts" };

    public ValueTask DisposeAsync()
    {
        Directory.Delete(directory, recursive: true);
        return ValueTask.CompletedTask;
    }

    [DllImport("libc", EntryPoint = "setenv", CharSet = CharSet.Ansi, BestFitMapping = false, ThrowOnUnmappableChar = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int SetEnvironment([MarshalAs(UnmanagedType.LPUTF8Str)] string name, [MarshalAs(UnmanagedType.LPUTF8Str)] string value, int overwrite);
}

public sealed class Pkcs11KeysTests(StorageFixture storage) : KeyProviderContract(storage), IClassFixture<SoftHsmFixture>
{
    private readonly Pkcs11Config config = SoftHsmFixture.Config();

    protected override IKeyProvider Connect() => new Pkcs11Keys(config, TimeProvider.System);

    [Fact]
    public async Task Session_LostOrTokenTakenAway_IsOpenedAgain()
    {
        using var provider = Connect();
        var context = new Storage.Secrets.Sealing.DataKeyContext(Guid.NewGuid(), "t", "s");
        var wrapped = await provider.Wrap(new byte[32], context);
        var factories = new Pkcs11InteropFactories();
        using (var library = factories.Pkcs11LibraryFactory.LoadPkcs11Library(factories, SoftHsmFixture.Library, AppType.MultiThreaded))
        {
            library.GetSlotList(SlotsType.WithTokenPresent).Single(slot => slot.GetTokenInfo().Label.Trim() == SoftHsmFixture.Token).CloseAllSessions();
            Assert.Equal(new byte[32], await provider.Unwrap(wrapped, context));
        }

        // Disposing it has ended the module for the whole process.
        Assert.Equal(new byte[32], await provider.Unwrap(wrapped, context));
    }

    [Fact]
    public async Task Keys_OfTheToken_NeverLeaveIt()
    {
        using var provider = Connect();
        var id = await provider.CurrentKey();
        var factories = new Pkcs11InteropFactories();
        using var library = factories.Pkcs11LibraryFactory.LoadPkcs11Library(factories, SoftHsmFixture.Library, AppType.MultiThreaded);
        using var session = library.GetSlotList(SlotsType.WithTokenPresent).Single(slot => slot.GetTokenInfo().Label.Trim() == SoftHsmFixture.Token).OpenSession(SessionType.ReadOnly);
        var key = session.FindAllObjects([session.Factories.ObjectAttributeFactory.Create(CKA.CKA_ID, Convert.FromHexString(id))]).Single();
        var attributes = session.GetAttributeValue(key, [CKA.CKA_VALUE, CKA.CKA_EXTRACTABLE, CKA.CKA_SENSITIVE]);
        Assert.True(attributes[0].CannotBeRead);
        Assert.False(attributes[1].GetValueAsBool());
        Assert.True(attributes[2].GetValueAsBool());
    }

    [Fact]
    public async Task TryOut_WrongPinTokenOrModule_IsToldWithoutThePin()
    {
        async Task<string> Refusal(Pkcs11Config wrong)
        {
            using var keyring = new Keyring(new Pkcs11Keys(wrong, TimeProvider.System));
            var failure = await Assert.ThrowsAsync<UnusableKeysException>(() => keyring.TryOut());
            Assert.DoesNotContain("s3cret", failure.ToString(), StringComparison.Ordinal);
            return failure.Message;
        }

        Assert.EndsWith("refuses the PIN.", await Refusal(config with { Pin = SecretText.Of("s3cret-wrong") }), StringComparison.Ordinal);
        Assert.EndsWith("There is no PKCS#11 token with the label 'other'.", await Refusal(config with { Token = "other" }), StringComparison.Ordinal);
        Assert.Contains("has no AES key with the label 'other'", await Refusal(config with { Key = "other" }), StringComparison.Ordinal);
        Assert.Contains("cannot be loaded", await Refusal(config with { Library = "/nowhere/module.so" }), StringComparison.Ordinal);
    }
}
