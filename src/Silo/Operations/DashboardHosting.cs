using Orleans.Dashboard;
using PRTS.Contracts.Access;
using PRTS.Web.Access;

namespace PRTS.Silo.Operations;

/// <summary>The Orleans dashboard, which is open by itself, behind the administrator's permission.</summary>
public static class DashboardHosting
{
    public static void MapDashboard(this WebApplication app) => app.MapOrleansDashboard("/orleans").RequirePermission(Permissions.SystemManage);
}
