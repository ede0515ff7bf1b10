using Microsoft.AspNetCore.Components;

namespace PRTS.Web.Shell;

/// <summary>Leads whoever is not logged in to the login page, and from there back.</summary>
public sealed partial class ToLogin : IDisposable
{
    /// <summary>Whoever logs out is on the way to the login page already, and must not be brought back here from it; who stays is led there.</summary>
    private static readonly TimeSpan Leaving = TimeSpan.FromSeconds(5);
    private readonly CancellationTokenSource gone = new();

    [Inject] private NavigationManager Navigation { get; set; } = null!;

    [Inject] private TimeProvider Time { get; set; } = null!;

    private string Address => $"/login?returnUrl={Uri.EscapeDataString("/" + Navigation.ToBaseRelativePath(Navigation.Uri))}";

    /// <summary>A full load: the login page is not part of the interactive pages.</summary>
    protected override async Task OnInitializedAsync()
    {
        if (RendererInfo.IsInteractive)
            await Task.Delay(Leaving, Time, gone.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
        if (!gone.IsCancellationRequested) Navigation.NavigateTo(Address, forceLoad: true);
    }

    public void Dispose()
    {
        gone.Cancel();
        gone.Dispose();
    }
}
