using Microsoft.AspNetCore.Components;
using Microsoft.Extensions.Logging;
using PRTS.Contracts.Builds;
using PRTS.Web.Access;
using PRTS.Web.Builds;

namespace PRTS.Web.Shell;

/// <summary>A page that shows builds as they change. It loads when its address changes, and reloads when the hub has news.</summary>
public abstract partial class LivePage : PrtsPage
{
    private LiveReload? live;
    private object? shown;

    [Inject] private BuildHub Hub { get; set; } = null!;

    [Inject] private TimeProvider Time { get; set; } = null!;

    [Inject] private ILogger<LivePage> Log { get; set; } = null!;

    /// <summary>The last reload failed: what is on the page may be old.</summary>
    protected bool Stale { get; private set; }

    /// <summary>What of the address decides what is loaded.</summary>
    protected abstract object Shown { get; }

    /// <summary>Whether the first rendering's state came with the page.</summary>
    protected abstract bool Restored { get; }

    /// <summary>The build to watch; null for all.</summary>
    protected virtual BuildId? Watched => null;

    protected abstract Task Load();

    protected override async Task OnParametersSetAsync()
    {
        var first = shown is null;
        if (Equals(shown, Shown)) return;
        shown = Shown;
        if (!first || !Restored) await Load();
        if (live is not null && live.Build != Watched) Watch();
    }

    protected override void OnAfterRender(bool firstRender)
    {
        if (firstRender) Watch();
    }

    protected async Task Reload()
    {
        try
        {
            await Load();
            Stale = false;
        }
        catch (Exception failure) when (failure is not OperationCanceledException)
        {
            LogReload(Log, failure);
            Stale = true;
        }

        StateHasChanged();
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

    [LoggerMessage(LogLevel.Warning, "A page could not be read again; it tries on")]
    private static partial void LogReload(ILogger log, Exception failure);
}
