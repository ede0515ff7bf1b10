using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Npgsql;
using PRTS.Api.Secrets;
using PRTS.Contracts.Projects;
using PRTS.Storage.Postgres;
using PRTS.Storage.Secrets;
using PRTS.Storage.Secrets.Keys;
using PRTS.Storage.Secrets.Vault;
using PRTS.Tests;

namespace PRTS.Storage.Tests.Secrets;

public sealed class VaultKvTests(StorageFixture storage) : IAsyncLifetime
{
    private static readonly ProjectId Web = new("t", "acme", "web");
    private readonly string home = Directory.CreateTempSubdirectory("prts-kv-").FullName;
    private NpgsqlDataSource database = null!;
    private FakeVault vault = null!;
    private Keyring keyring = null!;
    private SecretsServer server = null!;

    public async ValueTask InitializeAsync()
    {
        vault = await FakeVault.Start();
        database = await storage.NewDatabase();
        await Migrations.Apply(database);
        keyring = new(new LocalKeyFile(Path.Combine(home, "keys.json"), TimeProvider.System));
        server = new(database, keyring);
        await Write("secret/data/app", new { data = new { user = "prts", password = "first", port = 5432 } });
        await Write("secret/data/app", new { data = new { user = "prts", password = "second", port = 5432 } });
        await Write("kv1/app", new { password = "three", pin = "123" });
    }

    public async ValueTask DisposeAsync()
    {
        server.Dispose();
        keyring.Dispose();
        await database.DisposeAsync();
        await vault.DisposeAsync();
        Directory.Delete(home, recursive: true);
    }

    [Fact]
    public async Task ForJob_References_AreReadFromVaultAtThatTime()
    {
        await Connect(SecretScope.Of("t", "acme"), FakeVault.SecretId);
        await Refer("PASSWORD", "app", "password");
        await Refer("USER_NAME", "app", "user");
        await Refer("PORT", "app", "port");
        await Refer("FIRST", "app", "password", version: 1);
        await Refer("OLD_ENGINE", "app", "password", mount: "kv1");
        await Refer("SHORT", "app", "pin", mount: "kv1");
        await Refer("NO_FIELD", "app", "none");
        await Refer("NO_PATH", "none/at all", "x");

        using var got = await ForJob("PASSWORD", "USER_NAME", "PORT", "FIRST", "OLD_ENGINE", "SHORT", "NO_FIELD", "NO_PATH");

        Assert.Equal("FIRST=first,OLD_ENGINE=three,PASSWORD=second,PORT=5432,USER_NAME=prts", string.Join(',', got.Granted.Select(secret => $"{secret.Name}={secret.Value.Reveal()}")));
        Assert.Equal([SecretRefusalReason.NotThere, SecretRefusalReason.NotThere, SecretRefusalReason.TooShort], got.Refused.Select(refusal => refusal.Refusal!.Reason));
        Assert.StartsWith("The secret 'SHORT' has less than 4 bytes", got.Refused[2].Refusal!.Text, StringComparison.Ordinal);
        Assert.False(got.MayBeRetried);
        // What fits together is read together, and one login serves all.
        Assert.Equal(2, vault.CountOf("GET secret/data/app"));
        Assert.Equal(1, vault.CountOf("POST auth/approle/login"));
        await Write("secret/data/app", new { data = new { password = "four" } });
        using var later = await ForJob("PASSWORD");
        Assert.Equal("four", Assert.Single(later.Granted).Value.Reveal());
    }

    [Fact]
    public async Task ForJob_VaultDown_IsRefusedForNow_WithoutTheCredential()
    {
        await Connect(SecretScope.Of(Web), FakeVault.SecretId);
        await Refer("PASSWORD", "app", "password");
        vault.IsSealed = true;
        using (var got = await ForJob("PASSWORD"))
        {
            Assert.True(got.MayBeRetried);
            Assert.DoesNotContain(FakeVault.SecretId, Assert.Single(got.Refused).Refusal!.Text, StringComparison.Ordinal);
        }

        vault.IsSealed = false;
        using var again = await ForJob("PASSWORD");
        Assert.Equal("second", Assert.Single(again.Granted).Value.Reveal());
    }

    [Fact]
    public async Task Connection_NarrowerOnesAndChangedOnes_AreUsed_AndOthersProjectsNever()
    {
        await Connect(SecretScope.Of(Web with { Name = "other" }), FakeVault.SecretId);
        await Refer("PASSWORD", "app", "password");
        using (var got = await ForJob("PASSWORD"))
            Assert.Equal("The secret 'PASSWORD' cannot be read: There is no connection to a Vault named 'main' for project/acme/web.", Assert.Single(got.Refused).Refusal!.Text);

        await Connect(SecretScope.Of("t"), "wrong");
        using (var got = await ForJob("PASSWORD")) Assert.Contains("invalid role or secret ID", Assert.Single(got.Refused).Refusal!.Text, StringComparison.Ordinal);
        await Connect(SecretScope.Of("t"), FakeVault.SecretId);
        using (var got = await ForJob("PASSWORD")) Assert.Single(got.Granted);
        await Connect(SecretScope.Of(Web), "wrong");
        using (var got = await ForJob("PASSWORD")) Assert.Empty(got.Granted);
        Assert.True(await server.Vaults.Remove(SecretScope.Of(Web), "main"));
        using (var got = await ForJob("PASSWORD")) Assert.Single(got.Granted);
        Assert.Equal("ann", Assert.Single(await server.Vaults.List(SecretScope.Of("t"))).UpdatedBy);
    }

    [Theory]
    [InlineData("http://vault.example.com")]
    [InlineData("https://user@vault.example.com")]
    [InlineData("vault.example.com")]
    [InlineData("file:///etc/passwd")]
    public async Task Connection_AddressThatWouldGiveTheTokenAway_IsRefused(string address) =>
        Assert.NotNull(await server.Vaults.Set(SecretScope.Of(Web), new() { Name = "main", Address = address }, SecretText.Of("x"), "ann"));

    [Fact]
    public async Task Requests_GoThroughTheHandlerThatIsGiven_AndFollowNoRedirect()
    {
        var handler = new Redirecting();
        using var client = new VaultClient(new() { Address = new("https://vault.example.com/base"), Token = SecretText.Of("hvs.x") }, _ => handler, TimeProvider.System);

        var failure = await Assert.ThrowsAsync<VaultException>(() => new VaultKv(client).Read("secret", "app", null, ["x"]));

        Assert.Equal(307, failure.Status);
        Assert.Equal("https://vault.example.com/base/v1/auth/token/lookup-self", Assert.Single(handler.Asked).ToString());
    }

    [Fact]
    public async Task Https_OwnAuthority_IsTrustedOnlyWhenItIsGiven()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=vault", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddIpAddress(IPAddress.Loopback);
        request.CertificateExtensions.Add(names.Build());
        var now = TimeProvider.System.GetUtcNow();
        using var made = request.CreateSelfSigned(now.AddMinutes(-5), now.AddDays(1));
        using var certificate = X509CertificateLoader.LoadPkcs12(made.Export(X509ContentType.Pkcs12), null);
        await using var secure = await FakeVault.Start(certificate: certificate);
        var config = new VaultConfig { Address = secure.Address, Token = SecretText.Of(FakeVault.RootToken) };

        using (var client = new VaultClient(config, VaultHttp.Handler, TimeProvider.System))
            Assert.Contains("cannot be reached", (await Assert.ThrowsAsync<VaultException>(() => client.Get("auth/token/lookup-self", _ => true))).Message, StringComparison.Ordinal);
        using var trusting = new VaultClient(config with { CaCertificates = made.ExportCertificatePem() }, VaultHttp.Handler, TimeProvider.System);
        Assert.True(await trusting.Get("auth/token/lookup-self", _ => true));
    }

    private async Task Connect(SecretScope scope, string secretId) => Assert.Null(await server.Vaults.Set(
        scope, new() { Name = "main", Address = vault.Address.ToString(), RoleId = FakeVault.RoleId }, SecretText.Of(secretId), "ann"));

    private async Task Refer(string name, string path, string field, int? version = null, string mount = "secret") => Assert.Null((await server.Secrets.Set(
        SecretScope.Of(Web), name, new() { Vault = new() { Connection = "main", Mount = mount, Path = path, Field = field, Version = version } }, "ann")).Problem);

    private Task<JobSecrets> ForJob(params string[] names) => server.Secrets.ForJob(new() { Project = Web, Event = "push", Branch = "main" }, names);

    private async Task Write(string path, object body)
    {
        using var root = new VaultClient(new() { Address = vault.Address, Token = SecretText.Of(FakeVault.RootToken) }, VaultHttp.Handler, TimeProvider.System);
        await root.Post(path, body, _ => true);
    }

    private sealed class Redirecting : HttpMessageHandler
    {
        public List<Uri> Asked { get; } = [];

        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            Asked.Add(request.RequestUri!);
            return Task.FromResult(new HttpResponseMessage(HttpStatusCode.TemporaryRedirect) { Headers = { Location = new("https://elsewhere.example.com") } });
        }
    }
}
