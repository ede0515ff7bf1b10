using Microsoft.AspNetCore.Components;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using PRTS.Api;

namespace PRTS.Web.Administration;

public partial class AdministrationPage
{
    private HealthReport? health;

    [Inject] private HealthCheckService Health { get; set; } = null!;

    protected override async Task OnInitializedAsync()
    {
        await base.OnInitializedAsync();
        health = await Health.CheckHealthAsync(Leaving);
    }

    /// <summary>The look of a build's status that says the same.</summary>
    private static RunStatus Look(HealthStatus status) => status switch
    {
        HealthStatus.Healthy => RunStatus.Succeeded,
        HealthStatus.Degraded => RunStatus.Waiting,
        _ => RunStatus.Failed,
    };
}
