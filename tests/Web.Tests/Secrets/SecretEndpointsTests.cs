using System.Net;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using PRTS.Api.Secrets;
using PRTS.Audit;
using PRTS.Contracts.Access;
using PRTS.Contracts.Projects;
using PRTS.Storage.Audit;
using PRTS.Storage.Secrets;

namespace PRTS.Web.Tests.Secrets;

public class SecretEndpointsTests(TestServer server)
{
    private const string Canary = "canary-8b1f4e-do-not-leak";

    [Fact]
    public async Task Secret_OfEachPlace_IsSetListedWithoutItsValueAndRemoved()
    {
        var project = await server.NewProject();
        using var maintainer = await server.Client(Role.Maintainer);
        var name = server.Unique("TOKEN_");
        foreach (var place in (string[])["/api/v1/secrets", $"/api/v1/organizations/{project.Org}/secrets", $"/api/v1/projects/{project}/secrets", $"/api/v1/projects/{project}/environments/production/secrets"])
        {
            var set = await (await maintainer.PutAsJsonAsync($"{place}/{name}", new JsonObject { ["value"] = Canary, ["description"] = "For tests" })).Read<SecretSummary>();
            Assert.Equal((name, 1L, "For tests"), (set.Name, set.Version, set.Description));
            var again = await (await maintainer.PutAsJsonAsync($"{place}/{name}", new JsonObject { ["description"] = "The same value" })).Read<SecretSummary>();
            Assert.Equal((1L, "The same value"), (again.Version, again.Description));
            using var list = await maintainer.GetAsync(place);
            var text = await list.Content.ReadAsStringAsync();
            Assert.Contains(name, text, StringComparison.Ordinal);
            Assert.DoesNotContain(Canary, text, StringComparison.Ordinal);
        }

        var got = await server.Get<SecretsStore>().Reaching(SecretScope.Of(project));
        Assert.Equal(4, got.Count(secret => secret.Name == name));
        foreach (var place in (string[])["/api/v1/secrets", $"/api/v1/projects/{project}/secrets"])
        {
            Assert.Equal(HttpStatusCode.NoContent, (await maintainer.DeleteAsync($"{place}/{name}")).StatusCode);
            await (await maintainer.DeleteAsync($"{place}/{name}")).Problem(HttpStatusCode.NotFound, "not-found");
        }

        var entries = (await server.Get<AuditEntries>().Find(ProjectId.DefaultTenant, new() { Target = $"secret:{name}" }, before: null, take: 50)).Items;
        Assert.NotEmpty(entries);
        Assert.DoesNotContain(entries, entry => System.Text.Encoding.UTF8.GetString(Canonical.Bytes(entry)).Contains(Canary, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Name_AsLongAsTheDescriptionSays_IsTaken()
    {
        var project = await server.NewProject();
        using var maintainer = await server.Client(Role.Maintainer);
        Assert.Contains($"Names: 1\u2013{SecretRules.LongestName} letters", JsonNode.Parse(await maintainer.GetStringAsync("/openapi/v1.json"))!["paths"]!["/api/v1/projects/{org}/{project}/secrets/{secret}"]!["put"]!["description"]!.GetValue<string>(), StringComparison.Ordinal);
        var name = new string('N', SecretRules.LongestName);
        Assert.Equal(name, (await (await maintainer.PutAsJsonAsync($"/api/v1/projects/{project}/secrets/{name}", new JsonObject { ["value"] = "s3cret" })).Read<SecretSummary>()).Name);
        Assert.Contains($"1 to {SecretRules.LongestName}", await (await maintainer.PutAsJsonAsync($"/api/v1/projects/{project}/secrets/{name}N", new JsonObject { ["value"] = "s3cret" })).Problem(HttpStatusCode.BadRequest, "invalid"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Secret_ThatCannotBe_SaysWhatWouldBeRight()
    {
        var project = await server.NewProject();
        using var maintainer = await server.Client(Role.Maintainer);
        var place = $"/api/v1/projects/{project}/secrets";
        foreach (var (name, body, word) in new (string, JsonObject, string)[]
        {
            ("1ST", new() { ["value"] = "s3cret" }, "does not begin with a digit"),
            ("PRTS_X", new() { ["value"] = "s3cret" }, "reserved"),
            ("NEW", new() { ["description"] = "no value" }, "needs a value"),
            ("SHORT", new() { ["value"] = "abc" }, "less than 4 bytes"),
            ("EMPTY", new() { ["value"] = "" }, "The value is empty"),
            ("LONG", new() { ["value"] = new string('x', (64 << 10) + 1) }, "it may have 65536"),
        })
            Assert.Contains(word, await (await maintainer.PutAsJsonAsync($"{place}/{name}", body)).Problem(HttpStatusCode.BadRequest, "invalid"), StringComparison.Ordinal);
        await (await maintainer.GetAsync("/api/v1/projects/acme/none-such/secrets")).Problem(HttpStatusCode.NotFound, "not-found");
    }
}
