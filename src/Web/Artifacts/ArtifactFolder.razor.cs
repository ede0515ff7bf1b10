using Microsoft.AspNetCore.Components;
using PRTS.Contracts.Builds;
using PRTS.Storage.Artifacts;

namespace PRTS.Web.Artifacts;

public partial class ArtifactFolder
{
    private FolderListing? listing;
    private (JobId, string, string)? shown;

    [Parameter, EditorRequired] public JobId Job { get; set; }

    [Parameter, EditorRequired] public string Name { get; set; } = "";

    /// <summary>Relative, without a slash at its end; empty is the top.</summary>
    [Parameter] public string Folder { get; set; } = "";

    [Parameter, EditorRequired] public Func<string, string> Address { get; set; } = null!;

    [Inject] private ArtifactsReadModel Artifacts { get; set; } = null!;

    protected override async Task OnParametersSetAsync()
    {
        // An artifact never changes once it is listed.
        if (shown == (Job, Name, Folder)) return;
        shown = (Job, Name, Folder);
        listing = FolderListing.Of((await Artifacts.Files(Job, Name)).Select(stored => stored.File), Folder);
    }

    private IEnumerable<(string Name, string Path)> Trail()
    {
        var parts = Folder.Split('/', StringSplitOptions.RemoveEmptyEntries);
        return parts.Select((part, index) => (part, string.Join('/', parts.Take(index + 1))));
    }
}
