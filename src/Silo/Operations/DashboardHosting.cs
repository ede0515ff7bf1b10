using Orleans.Dashboard;
using PRTS.Contracts.Access;
using PRTS.Web.Access;

namespace PRTS.Silo.Operations;

/// <summary>
/// The Orleans dashboard, which is open by itself, behind the administrator's permission. Mapping it reads and
/// compresses all of its files (1 s of processor time and 70 MB, which the heap keeps), so that is left to the
/// first who asks for a page of it.
/// </summary>
public static class DashboardHosting
{
    private const string Address = "/orleans";

    public static void MapDashboard(this WebApplication app)
    {
        var dashboard = new Lazy<RequestDelegate>(() => Build(app));
        app.Map(Address + "/{**path}", (HttpContext http) =>
        {
            // The dashboard's own routes are found anew: this request has passed the door that guards all of them.
            http.SetEndpoint(null);
            return dashboard.Value(http);
        }).RequirePermission(Permissions.SystemManage).ExcludeFromDescription();
    }

    private static RequestDelegate Build(WebApplication app)
    {
        var pages = new ApplicationBuilder(app.Services);
        pages.UseRouting();
        // Guarded a second time, because these routes too are listed among the server's.
        pages.UseEndpoints(routes => routes.MapOrleansDashboard(Address).RequirePermission(Permissions.SystemManage).ExcludeFromDescription());
        return pages.Build();
    }
}
