using System.Net;
using PRTS.Api;
using PRTS.Audit;
using PRTS.Contracts.Access;
using PRTS.Contracts.Projects;
using PRTS.Storage.Audit;

namespace PRTS.Web.Tests.Secrets;

public class KeyEndpointsTests(TestServer server)
{
    [Fact]
    public async Task Key_IsShownAndRotated_AndTheLogHasTheFormerOneAndTheNew()
    {
        using var client = await server.Client(Role.Admin);
        var before = await (await client.GetAsync("/api/v1/system/keys")).Read<KeyStatus>();
        Assert.Equal("file", before.Provider);
        var after = await (await client.PostAsync("/api/v1/system/keys/rotate", null)).Read<KeyStatus>();
        Assert.NotEqual(before.Key, after.Key);
        // Newest first, and what begins with it: the id of the new key is known when there is one.
        var entries = (await server.Get<AuditEntries>().Find(ProjectId.DefaultTenant, new() { Action = "key:rotate" }, before: null, take: 2)).Items;
        Assert.Equal([("key:rotated", AuditOutcome.Allowed), ("key:rotate", AuditOutcome.Allowed)], entries.Select(entry => (entry.Action, entry.Outcome)));
        Assert.Equal((before.Key, after.Key), (entries[1].Before!["key"].ToString(), entries[0].After!["key"].ToString()));
        using var maintainer = await server.Client(Role.Maintainer);
        Assert.Equal(HttpStatusCode.Forbidden, (await maintainer.GetAsync("/api/v1/system/keys")).StatusCode);
    }
}
