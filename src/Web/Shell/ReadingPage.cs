using Microsoft.AspNetCore.Components;
using Microsoft.Extensions.Logging;

namespace PRTS.Web.Shell;

/// <summary>A page that reads what its address names: when that changes, and again when rights in the tenant did.</summary>
public abstract partial class ReadingPage : PrtsPage
{
    private object? shown;

    [Inject] private ILogger<ReadingPage> Log { get; set; } = null!;

    /// <summary>The last reload failed: what is on the page may be old.</summary>
    protected bool Stale { get; private set; }

    /// <summary>What of the address decides what is loaded.</summary>
    protected abstract object Shown { get; }

    /// <summary>Whether the first rendering's state came with the page.</summary>
    protected abstract bool Restored { get; }

    protected abstract Task Load();

    protected override async Task OnParametersSetAsync()
    {
        var first = shown is null;
        var rights = await Recognize();
        if (rights && !first && !await MayStay()) return;
        if (!Equals(shown, Shown))
        {
            shown = Shown;
            if (!first || !Restored) await Load();
        }
        else if (rights)
        {
            await Reload();
        }
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

    [LoggerMessage(LogLevel.Warning, "A page could not be read again; it tries on")]
    private static partial void LogReload(ILogger log, Exception failure);
}
