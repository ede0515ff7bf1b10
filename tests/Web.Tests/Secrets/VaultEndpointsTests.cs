using System.Net;
using System.Net.Http.Json;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json.Nodes;
using PRTS.Api.Secrets;
using PRTS.Audit;
using PRTS.Contracts.Access;
using PRTS.Contracts.Projects;
using PRTS.Storage.Audit;
using PRTS.Storage.Secrets;
using PRTS.Tests;

namespace PRTS.Web.Tests.Secrets;

public class VaultEndpointsTests(TestServer server)
{
    [Fact]
    public async Task Connection_SetByRest_ReadsASecretAndIsRemoved()
    {
        await using var vault = await FakeVault.Start();
        using (var http = new HttpClient { BaseAddress = vault.Address })
        {
            http.DefaultRequestHeaders.Add("X-Vault-Token", FakeVault.RootToken);
            (await http.PostAsJsonAsync("/v1/secret/data/app", new { data = new { password = "from the vault" } })).EnsureSuccessStatusCode();
        }

        var project = await server.NewProject();
        var name = server.Unique("main");
        using var maintainer = await server.Client(Role.Maintainer);
        foreach (var place in (string[])["/api/v1/vaults", $"/api/v1/organizations/{project.Org}/vaults", $"/api/v1/projects/{project}/vaults"])
        {
            var connection = new JsonObject { ["address"] = vault.Address.AbsoluteUri, ["roleId"] = FakeVault.RoleId, ["credential"] = FakeVault.SecretId };
            using var answer = await maintainer.PutAsJsonAsync($"{place}/{name}", connection);
            Assert.DoesNotContain(FakeVault.SecretId, await answer.Content.ReadAsStringAsync(), StringComparison.Ordinal);
            Assert.Equal((name, FakeVault.RoleId), (await answer.Read<VaultConnection>() is var set ? (set.Name, set.RoleId) : default));
            Assert.DoesNotContain(FakeVault.SecretId, await maintainer.GetStringAsync(place), StringComparison.Ordinal);
        }

        Assert.Equal(3, (await (await maintainer.GetAsync($"/api/v1/projects/{project}/vaults?inherited=true")).Read<List<VaultConnection>>()).Count(known => known.Name == name));
        var reference = new JsonObject { ["vault"] = new JsonObject { ["connection"] = name, ["mount"] = "secret", ["path"] = "app", ["field"] = "password" } };
        var secret = await (await maintainer.PutAsJsonAsync($"/api/v1/projects/{project}/secrets/PASSWORD", reference)).Read<SecretSummary>();
        Assert.Equal(name, secret.Vault?.Connection);
        using (var given = await server.Get<SecretsStore>().ForJob(new() { Project = project, Event = "push", Branch = "main" }, ["PASSWORD"]))
            Assert.Equal("from the vault", Assert.Single(given.Granted).Value.Reveal());

        foreach (var place in (string[])[$"/api/v1/projects/{project}/vaults", $"/api/v1/organizations/{project.Org}/vaults", "/api/v1/vaults"])
        {
            Assert.Equal(HttpStatusCode.NoContent, (await maintainer.DeleteAsync($"{place}/{name}")).StatusCode);
            await (await maintainer.DeleteAsync($"{place}/{name}")).Problem(HttpStatusCode.NotFound, "not-found");
        }

        var entries = (await server.Get<AuditEntries>().Find(ProjectId.DefaultTenant, new() { Target = $"vault:{name}" }, before: null, take: 50)).Items;
        Assert.Contains(entries, entry => entry.Action == "vault:remove" && Canonical.Text(entry.Before)?.Contains(vault.Address.Authority, StringComparison.Ordinal) == true);
        Assert.DoesNotContain(entries, entry => System.Text.Encoding.UTF8.GetString(Canonical.Bytes(entry)).Contains(FakeVault.SecretId, StringComparison.Ordinal));
    }

    /// <summary>The server allows 127.0.0.1 only: another address of this machine is refused before anything is sent.</summary>
    [Fact]
    public async Task Connection_ToWhereNobodyMayGo_IsRefusedWhenAJobNeedsIt()
    {
        var project = await server.NewProject();
        using var maintainer = await server.Client(Role.Maintainer);
        await (await maintainer.PutAsJsonAsync($"/api/v1/projects/{project}/vaults/inside", new JsonObject { ["address"] = "https://10.0.0.7:8200", ["credential"] = "canary-credential" })).Read<VaultConnection>();
        await (await maintainer.PutAsJsonAsync($"/api/v1/projects/{project}/secrets/X", new JsonObject { ["vault"] = new JsonObject { ["connection"] = "inside", ["path"] = "a", ["field"] = "b" } })).Read<SecretSummary>();
        using var given = await server.Get<SecretsStore>().ForJob(new() { Project = project, Event = "push", Branch = "main" }, ["X"]);
        var refusal = Assert.Single(given.Refused).Refusal!;
        Assert.Contains("PRTS_EGRESS_ALLOW", refusal.Text, StringComparison.Ordinal);
        Assert.DoesNotContain("canary", refusal.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Connection_WithAnAuthorityOfItsOwn_IsTrustedByThatAlone()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=vault", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddIpAddress(IPAddress.Loopback);
        request.CertificateExtensions.Add(names.Build());
        var now = TimeProvider.System.GetUtcNow();
        using var made = request.CreateSelfSigned(now.AddMinutes(-5), now.AddDays(1));
        using var certificate = X509CertificateLoader.LoadPkcs12(made.Export(X509ContentType.Pkcs12), null);
        await using var vault = await FakeVault.Start(certificate: certificate);
        var project = await server.NewProject();
        using var maintainer = await server.Client(Role.Maintainer);
        foreach (var (name, authorities) in new[] { ("STRANGE", null), ("TRUSTED", made.ExportCertificatePem()) })
        {
            var connection = new JsonObject { ["address"] = vault.Address.AbsoluteUri, ["credential"] = FakeVault.RootToken };
            if (authorities is not null) connection["caCertificates"] = authorities;
            await (await maintainer.PutAsJsonAsync($"/api/v1/projects/{project}/vaults/{name}", connection)).Read<VaultConnection>();
            var reference = new JsonObject { ["vault"] = new JsonObject { ["connection"] = name, ["mount"] = "kv1", ["path"] = "app", ["field"] = "password" } };
            await (await maintainer.PutAsJsonAsync($"/api/v1/projects/{project}/secrets/{name}", reference)).Read<SecretSummary>();
        }

        using var given = await server.Get<SecretsStore>().ForJob(new() { Project = project, Event = "push", Branch = "main" }, ["STRANGE", "TRUSTED"]);
        var reasons = given.Refused.ToDictionary(decision => decision.Name, decision => decision.Refusal!.Text, StringComparer.Ordinal);
        Assert.Contains("cannot be reached", reasons["STRANGE"], StringComparison.Ordinal);
        // It was reached and asked: there is just nothing at that path.
        Assert.Contains("has nothing at kv1/app", reasons["TRUSTED"], StringComparison.Ordinal);
    }

    [Fact]
    public async Task Connection_ThatCannotBe_SaysWhatWouldBeRight()
    {
        var place = $"/api/v1/projects/{await server.NewProject()}/vaults";
        using var maintainer = await server.Client(Role.Maintainer);
        foreach (var (address, credential, word) in new[] { ("http://vault.example.com", "x", "is an https address"), ("https://vault.example.com", "", "has a token"), ("ftp://x", "x", "is an https address") })
        {
            using var answer = await maintainer.PutAsJsonAsync($"{place}/main", new JsonObject { ["address"] = address, ["credential"] = credential });
            Assert.Contains(word, await answer.Problem(HttpStatusCode.BadRequest, "invalid"), StringComparison.Ordinal);
        }

        using var developer = await server.Client(Role.Developer);
        Assert.Equal(HttpStatusCode.Forbidden, (await developer.PutAsJsonAsync($"{place}/main", new JsonObject { ["address"] = "https://x", ["credential"] = "x" })).StatusCode);
    }
}
