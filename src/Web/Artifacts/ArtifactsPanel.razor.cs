using Microsoft.AspNetCore.Components;
using PRTS.Api.Artifacts;
using PRTS.Api.Builds;
using PRTS.Contracts.Builds;

namespace PRTS.Web.Artifacts;

public partial class ArtifactsPanel
{
    [Parameter, EditorRequired] public BuildId Build { get; set; }

    [Parameter, EditorRequired] public IReadOnlyList<ArtifactSummary> Artifacts { get; set; } = [];

    [Parameter, EditorRequired] public IEnumerable<JobSummary> Jobs { get; set; } = [];

    /// <summary>The artifact whose files are shown: <c>job/name</c>.</summary>
    [Parameter] public string? Open { get; set; }

    [Parameter] public string? Folder { get; set; }

    [Inject] private NavigationManager Navigation { get; set; } = null!;

    private JobId Job(ArtifactSummary artifact) => new(Build, artifact.Job);

    private string JobName(string key) => Jobs.FirstOrDefault(job => job.Key == key)?.Name ?? key;

    private string Address(string? artifact, string? folder) =>
        Navigation.GetUriWithQueryParameters(new Dictionary<string, object?> { ["artifact"] = artifact, ["folder"] = string.IsNullOrEmpty(folder) ? null : folder });
}
