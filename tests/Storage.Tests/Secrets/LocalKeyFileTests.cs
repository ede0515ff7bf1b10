using System.Runtime.Versioning;
using PRTS.Storage.Postgres;
using PRTS.Storage.Secrets.Keys;

namespace PRTS.Storage.Tests.Secrets;

[UnsupportedOSPlatform("windows")]
public sealed class LocalKeyFileTests(StorageFixture storage) : KeyProviderContract(storage), IDisposable
{
    private readonly StorageFixture storage = storage;
    private readonly string home = Directory.CreateTempSubdirectory("prts-keys-").FullName;

    private string FilePath => Path.Combine(home, "keys", "keys.json");

    protected override IKeyProvider Connect() => new LocalKeyFile(FilePath, TimeProvider.System);

    protected override Task Begin() => new LocalKeyFile(FilePath, TimeProvider.System).Make();

    public void Dispose() => Directory.Delete(home, recursive: true);

    [Fact]
    public async Task Make_ManyAtOnce_OneKeyThatOnlyTheOwnerReads()
    {
        await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Task.Run(() => new LocalKeyFile(FilePath, TimeProvider.System).Make())));

        using var file = new LocalKeyFile(FilePath, TimeProvider.System);
        var first = await file.CurrentKey();
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(FilePath));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute, File.GetUnixFileMode(Path.GetDirectoryName(FilePath)!));
        await file.Make();
        Assert.Equal(first, await file.CurrentKey());
        var rotated = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Task.Run(() => new LocalKeyFile(FilePath, TimeProvider.System).Rotate())));
        Assert.Equal(8, rotated.Distinct(StringComparer.Ordinal).Count());
        Assert.Contains(await file.CurrentKey(), rotated);
    }

    [Theory]
    [InlineData(UnixFileMode.GroupRead)]
    [InlineData(UnixFileMode.OtherRead)]
    [InlineData(UnixFileMode.OtherWrite)]
    public async Task CurrentKey_OthersMayUseTheFile_IsRefused(UnixFileMode too)
    {
        await Begin();
        File.SetUnixFileMode(FilePath, UnixFileMode.UserRead | UnixFileMode.UserWrite | too);

        var refused = await Assert.ThrowsAsync<KeyProviderException>(() => Connect().CurrentKey());

        Assert.Contains("chmod 600", refused.Message, StringComparison.Ordinal);
        Assert.Contains("chmod 600", (await Assert.ThrowsAsync<UnusableKeysException>(() => new Keyring(Connect()).TryOut())).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task CurrentKey_FileDamaged_IsRefusedWithoutItsContents()
    {
        await Begin();
        var text = await File.ReadAllTextAsync(FilePath);
        var key = text[(text.LastIndexOf("\": \"", StringComparison.Ordinal) + 4)..][..20];
        foreach (var damaged in new[] { "", text[..^10], text.Replace("=\"", "\"", StringComparison.Ordinal), "null", text.Replace("\"current\"", "\"other\"", StringComparison.Ordinal) })
        {
            await File.WriteAllTextAsync(FilePath, damaged);
            Assert.DoesNotContain(key, (await Assert.ThrowsAsync<KeyProviderException>(() => Connect().CurrentKey())).ToString(), StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Prepare_FileLost_TheStartSaysSoAndMakesNone()
    {
        await using var database = await storage.NewDatabase();
        await Migrations.Apply(database);
        using var keyring = new Keyring(Connect());
        await keyring.TryOut();
        using (var server = new SecretsServer(database, keyring))
        {
            await server.DataKeys.Prepare();
            await server.Settings.Set("cluster/key", [1]);
        }

        File.Move(FilePath, FilePath + ".away");
        using var restarted = new SecretsServer(database, keyring);
        var refused = await Assert.ThrowsAsync<UnusableKeysException>(() => restarted.DataKeys.Prepare());
        Assert.Equal($"There is no key file {FilePath}, and the database has values that only its keys open: restore the file.", refused.Message);
        Assert.False(File.Exists(FilePath));

        File.Move(FilePath + ".away", FilePath);
        await restarted.DataKeys.Prepare();
        Assert.Equal([1], await restarted.Settings.Get("cluster/key"));
    }
}
