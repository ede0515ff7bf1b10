using System.Security.Claims;
using Bunit;
using Bunit.TestDoubles;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using PRTS.Audit;
using PRTS.Storage.Audit;
using PRTS.Web.Audit;

namespace PRTS.Web.Tests.Pages;

public sealed class AuditProofTests : PageTest
{
    private readonly TestServer server;
    private readonly string tenant;

    public AuditProofTests(TestServer server)
    {
        (this.server, tenant) = (server, server.Unique("proof"));
        Services.AddSingleton(server.Get<AuditCheckpoints>());
        var user = AddAuthorization();
        user.SetAuthorized("ann");
        user.SetClaims(new Claim("prts:tenant", tenant));
    }

    [Fact]
    public async Task Proof_OfALogThatWasChangedInTheDatabase_SaysSoAndOffersNoCheckpoint()
    {
        for (var n = 1; n <= 3; n++) await Record(n);
        var whole = Render<AuditProof>();
        whole.WaitForElement("[data-audit=whole]");
        Assert.Contains("3 entries", whole.Find("summary").TextContent, StringComparison.Ordinal);
        Assert.Contains($"prts-audit/{tenant}", whole.Find("pre").TextContent, StringComparison.Ordinal);
        Assert.Empty(whole.FindAll("[role=alert]"));

        await Record(4);
        await using (var tamper = server.Get<NpgsqlDataSource>().CreateCommand(
            $"""
            alter table audit_entries disable trigger audit_entries_only_grow;
            update audit_entries set entry = convert_to(replace(convert_from(entry, 'UTF8'), 'V4', 'V5'), 'UTF8') where tenant = '{tenant}' and sequence = 4;
            alter table audit_entries enable always trigger audit_entries_only_grow;
            """))
            await tamper.ExecuteNonQueryAsync();
        var damaged = Render<AuditProof>();
        damaged.WaitForElement("section[data-audit=damaged]");
        Assert.Contains("entry 4 was changed", damaged.Find("[role=alert]").TextContent, StringComparison.Ordinal);
        Assert.Empty(damaged.FindAll("pre"));
        Assert.Empty(damaged.FindAll("[data-checkpoint]"));
        using var chinese = In("zh-Hans");
        var translated = Render<AuditProof>();
        translated.WaitForElement("section[data-audit=damaged]");
        Assert.Contains("审计日志在数据库中被更改", translated.Markup, StringComparison.Ordinal);
    }

    private Task<AuditEntry> Record(int n) => server.Get<AuditLog>().Record(
        new AuditSource(tenant, new(AuditActorKind.User, "7", "ann"), new(AuditVia.Web)).Allowed("variable:set", AuditTarget.In("acme", "web", "variable", $"V{n}"), after: new() { ["value"] = "new" }));
}
