using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.Components.Web;

namespace PRTS.Web.Shell;

public partial class MainLayout
{
    private ErrorBoundary? boundary;

    [Inject] private NavigationManager Navigation { get; set; } = null!;

    /// <summary>The page's own address: with a base element, a bare fragment would lead to the first page.</summary>
    private string SkipAddress => $"{new Uri(Navigation.Uri).PathAndQuery}#content";

    protected override void OnParametersSet() => boundary?.Recover();

    private void Reload() => Navigation.Refresh(forceReload: true);
}
