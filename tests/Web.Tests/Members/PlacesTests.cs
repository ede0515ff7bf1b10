using PRTS.Contracts.Access;
using PRTS.Contracts.Projects;
using PRTS.Web.Members;
using Xunit;

namespace PRTS.Web.Tests.Members;

public sealed class PlacesTests
{
    [Theory]
    [InlineData("", "/admin/access")]
    [InlineData("acme", "/acme/-/access")]
    [InlineData("acme/web", "/acme/web/access")]
    public void Address_EachPlace_HasItsOwn(string scope, string address) => Assert.Equal(address, AccessLinks.Address(AccessScope.Parse(scope)!.Value));

    [Fact]
    public void Address_OfAnOrganization_IsNoProjects() => Assert.False(ProjectId.IsValidName("-"));

    [Theory]
    [InlineData("ann", "pipeline:run", "acme/web", "/admin/why?user=ann&permission=pipeline%3Arun&scope=acme%2Fweb")]
    [InlineData("ann", null, "", "/admin/why?user=ann")]
    public void Why_IsALinkThatAsks(string user, string? permission, string scope, string address) => Assert.Equal(address, AccessLinks.Why(user, permission, AccessScope.Parse(scope)!.Value));

    [Theory]
    [InlineData("", "")]
    [InlineData("acme", "")]
    [InlineData("acme/web", "acme,")]
    public void Wider_IsTheNearestFirst(string scope, string wider) => Assert.Equal(wider, string.Join(',', AccessScope.Parse(scope)!.Value.Wider));

    [Fact]
    public void OwnWhy_IsALinkThatAsks() => Assert.Equal("/account/why?permission=audit%3Aread", AccessLinks.OwnWhy("audit:read", AccessScope.Tenant));
}
