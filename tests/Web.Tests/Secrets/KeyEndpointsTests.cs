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
    public async Task Key_IsShownAndRotated_AndTheLogHasTheFormerOne()
    {
        using var client = await server.Client(Role.Admin);
        var before = await (await client.GetAsync("/api/v1/system/keys")).Read<KeyStatus>();
        Assert.Equal("file", before.Provider);
        var after = await (await client.PostAsync("/api/v1/system/keys/rotate", null)).Read<KeyStatus>();
        Assert.NotEqual(before.Key, after.Key);
        var entry = (await server.Get<AuditEntries>().Find(ProjectId.DefaultTenant, new() { Action = "key:rotate" }, before: null, take: 1)).Items.Single();
        Assert.Equal((AuditOutcome.Allowed, before.Key), (entry.Outcome, entry.Before!["key"].ToString()));
        using var maintainer = await server.Client(Role.Maintainer);
        Assert.Equal(HttpStatusCode.Forbidden, (await maintainer.GetAsync("/api/v1/system/keys")).StatusCode);
    }
}
