using Microsoft.AspNetCore.Components.Authorization;
using Microsoft.Extensions.DependencyInjection;
using PRTS.Web.Access;

namespace PRTS.Web.Tests.Access;

public class SessionRevalidationTests
{
    [Fact]
    public void Pages_UseIt()
    {
        var services = new ServiceCollection().AddPrtsWeb(new WebOptions { PublicUrl = "http://x", Home = "/" }).AddPrtsPages();
        Assert.Equal(typeof(SessionRevalidation), services.Last(service => service.ServiceType == typeof(AuthenticationStateProvider)).ImplementationType);
    }
}
