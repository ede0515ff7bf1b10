using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using PRTS.Api;
using PRTS.Audit;
using PRTS.Storage.Access;
using PRTS.Storage.Audit;
using PRTS.Storage.Users;
using PRTS.Web.Access;

namespace PRTS.Web.Tests.Access;

public sealed class FirstAdministratorTests(TestServer server) : IDisposable
{
    private readonly string home = Directory.CreateTempSubdirectory("prts-admin-").FullName;

    public void Dispose() => Directory.Delete(home, recursive: true);

    [Fact]
    public async Task Ensure_NoUsers_MakesAnAdministratorThatTheFileOpens()
    {
        var (first, tenant) = New();
        await first.Ensure();
        var file = await Read();
        if (!OperatingSystem.IsWindows()) Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(Path.Combine(home, "admin.json")));
        var login = await server.Get<PasswordLogin>().Check(tenant, file.User, file.Password, null);
        Assert.Equal("admin", Accounts.TenantRole((await server.Get<AccessFactsStore>().Get(login.User!.Id))!));
        Assert.Equal(login.User!.Id, (await server.Get<AccessTokensStore>().Use(Credentials.Sha256(file.Token)))?.User.Id);
        await first.Ensure();
        Assert.Equal(file, await Read());
        Assert.Single(await server.Get<UsersStore>().List(tenant));

        var recorded = (await server.Get<AuditEntries>().Find(tenant, new(), before: null, take: 10)).Items;
        Assert.Equal(["access-token:create admin.json", "user:create admin", $"tenant:create {tenant}"], recorded.Select(entry => $"{entry.Action} {entry.Target.Id}"));
        Assert.All(recorded, entry => Assert.Equal((AuditOutcome.Allowed, AuditActorKind.System, "first-start"), (entry.Outcome, entry.Actor.Kind, entry.Actor.Name)));
        Assert.DoesNotContain(recorded, entry => System.Text.Encoding.UTF8.GetString(Canonical.Bytes(entry)) is var text && (text.Contains(file.Password, StringComparison.Ordinal) || text.Contains(file.Token, StringComparison.Ordinal)));
    }

    [Fact]
    public async Task Ensure_AfterACrashBetweenFileAndAccount_UsesTheFile()
    {
        var (first, tenant) = New();
        var left = new AdministratorFile { Url = "http://old", User = "admin", Password = "from before the crash", Token = "prts_" + Guid.NewGuid().ToString("N") };
        await File.WriteAllTextAsync(Path.Combine(home, "admin.json"), JsonSerializer.Serialize(left, ApiJson.Options));
        await first.Ensure();
        Assert.Equal(left with { Url = "http://prts.test" }, await Read());
        Assert.NotNull((await server.Get<PasswordLogin>().Check(tenant, "admin", left.Password, null)).User);
    }

    [Fact]
    public async Task Ensure_WithAnAdministrator_DoesNothing()
    {
        var (first, tenant) = New();
        await server.Get<Accounts>().Create(tenant, new() { Name = "somebody", Password = TestServer.Password, Role = "admin" }, by: null);
        await first.Ensure();
        Assert.False(File.Exists(Path.Combine(home, "admin.json")));
    }

    [Fact]
    public async Task Ensure_FileThatIsNotOurs_SaysSo()
    {
        await File.WriteAllTextAsync(Path.Combine(home, "admin.json"), "not json");
        Assert.Contains("admin.json", (await Assert.ThrowsAsync<InvalidDataException>(() => New().First.Ensure())).Message, StringComparison.Ordinal);
    }

    private (FirstAdministrator First, string Tenant) New()
    {
        var options = server.Get<WebOptions>() with { Home = home, Tenant = server.Unique("tenant") };
        return (ActivatorUtilities.CreateInstance<FirstAdministrator>(server.Services, options), options.Tenant);
    }

    private async Task<AdministratorFile> Read() =>
        JsonSerializer.Deserialize<AdministratorFile>(await File.ReadAllTextAsync(Path.Combine(home, "admin.json")), ApiJson.Options)!;
}
