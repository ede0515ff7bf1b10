using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.Components.Routing;
using Microsoft.AspNetCore.Components.Web;
using Microsoft.AspNetCore.Http;

namespace PRTS.Web.Shell;

public partial class App
{
    [CascadingParameter] private HttpContext Context { get; set; } = null!;

    /// <summary>Pages are interactive, except those that need the response of an ordinary request (login).</summary>
    private IComponentRenderMode? PageMode => Context.AcceptsInteractiveRouting() ? RenderMode.InteractiveServer : null;

    private string? StoredTheme => Context.Request.Cookies["prts-theme"] is ("light" or "dark") and var theme ? theme : null;
}
