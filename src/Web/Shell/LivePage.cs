using Microsoft.AspNetCore.Components;
using PRTS.Contracts.Builds;
using PRTS.Web.Access;
using PRTS.Web.Builds;

namespace PRTS.Web.Shell;

/// <summary>A page that shows builds as they change: it also reloads when the hub has news.</summary>
public abstract class LivePage : ReadingPage
{
    private LiveReload? live;

    [Inject] private BuildHub Hub { get; set; } = null!;

    [Inject] private TimeProvider Time { get; set; } = null!;

    /// <summary>The build to watch; null for all.</summary>
    protected virtual BuildId? Watched => null;

    protected override async Task OnParametersSetAsync()
    {
        await base.OnParametersSetAsync();
        if (live is not null && live.Build != Watched) Watch();
    }

    protected override void OnAfterRender(bool firstRender)
    {
        if (firstRender) Watch();
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing) live?.Dispose();
        base.Dispose(disposing);
    }

    private void Watch()
    {
        live?.Dispose();
        live = new LiveReload(Hub, Time, User.Tenant(), Watched, () => InvokeAsync(Reload));
    }
}
