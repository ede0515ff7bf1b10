using Bunit;
using PRTS.Api.Access;
using PRTS.Contracts.Access;
using PRTS.Web.Access;
using PRTS.Web.Roles;
using PRTS.Web.Tests.Pages;
using Xunit;

namespace PRTS.Web.Tests.Roles;

public sealed class PermissionMatrixTests : PageTest
{
    [Fact]
    public void Cells_All_SayWhatTheRulesSay()
    {
        using var language = In("en");
        RoleSummary[] roles = [.. AccessRules.BuiltIn.Select(role => new RoleSummary { Name = Accounts.Name(role), BuiltIn = true, Permissions = [] }), new() { Name = "runner", Permissions = ["pipeline:*", "build:read"] }];
        var matrix = Render<PermissionMatrix>(parameters => parameters.Add(table => table.Roles, roles));
        Assert.Equal(["Permission", "viewer", "developer", "maintainer", "administrator", "runner"], matrix.FindAll("thead th").Select(head => head.TextContent.Trim()));
        foreach (var permission in AccessRules.All)
        {
            var expected = AccessRules.BuiltIn.Select(role => AccessRules.Allows(role, permission)).Append(permission is "pipeline:run" or "build:read").Select(allowed => allowed ? "may" : "may not");
            Assert.Equal(expected, matrix.FindAll($"[data-permission='{permission}'] .sr-only").Select(cell => cell.TextContent));
        }
    }
}
