using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.Components.Authorization;
using Microsoft.Extensions.Localization;
using MudBlazor;
using PRTS.Api.Builds;
using PRTS.Api.Projects;
using PRTS.Audit;
using PRTS.Contracts;
using PRTS.Contracts.Projects;
using PRTS.Pipelines.Planning;
using PRTS.Web.Access;
using PRTS.Web.Audit;
using PRTS.Web.Builds;
using PRTS.Web.Resources;

namespace PRTS.Web.Projects;

public partial class RunPipelineDialog
{
    private const string Yes = "true";
    private const string No = "false";
    private readonly Dictionary<string, string> given = new(StringComparer.Ordinal);
    private string? problem;
    private bool busy;

    [CascadingParameter] private IMudDialogInstance Dialog { get; set; } = null!;

    [CascadingParameter] private Task<AuthenticationState> Authentication { get; set; } = null!;

    [Parameter, EditorRequired] public ProjectId Project { get; set; }

    [Parameter] public string Branch { get; set; } = "";

    [Inject] private PageAudit Audit { get; set; } = null!;

    [Inject] private IGrainFactory Grains { get; set; } = null!;

    [Inject] private PipelineList List { get; set; } = null!;

    [Inject] private NavigationManager Navigation { get; set; } = null!;

    [Inject] private IStringLocalizer<UiText> Localizer { get; set; } = null!;

    /// <summary>Of the branch or tag; null while they are looked up.</summary>
    private IReadOnlyList<PipelineSummary>? Pipelines { get; set; }

    /// <summary>The chosen pipeline's file; empty for all of them.</summary>
    private string File { get; set; } = "";

    private IEnumerable<PipelineInput> Inputs => Chosen.SelectMany(pipeline => pipeline.Inputs).DistinctBy(input => input.Name);

    private IEnumerable<PipelineSummary> Chosen => (Pipelines ?? []).Where(pipeline => File.Length == 0 || pipeline.File == File);

    protected override Task OnInitializedAsync() => Look();

    private async Task BranchChanged(string? branch)
    {
        Branch = branch ?? "";
        await Look();
    }

    private async Task Look()
    {
        (Pipelines, problem) = (null, null);
        StateHasChanged();
        var name = Branch.Trim();
        var found = name.Length > 0 ? await List.Of(Project, name) : [];
        if (name != Branch.Trim()) return;
        Pipelines = found ?? [];
        if (Pipelines.All(pipeline => pipeline.File != File)) File = "";
        if (found is null) problem = Localizer["Run.NoRef", name];
    }

    private void Choose(string file) => File = file;

    private string NameOf(string? file) => Pipelines?.FirstOrDefault(pipeline => pipeline.File == file)?.Name ?? Localizer["Run.All"];

    private string? Given(PipelineInput input) => given.GetValueOrDefault(input.Name) ?? input.Default;

    private void Give(PipelineInput input, string? value)
    {
        if (string.IsNullOrEmpty(value)) given.Remove(input.Name);
        else given[input.Name] = value;
    }

    private async Task Run()
    {
        busy = true;
        try
        {
            var inputs = Inputs.Where(input => given.ContainsKey(input.Name)).ToDictionary(input => input.Name, input => given[input.Name], StringComparer.Ordinal);
            var request = new StartBuild { Ref = string.IsNullOrWhiteSpace(Branch) ? null : Branch.Trim(), File = File.Length == 0 ? null : File, Inputs = inputs.Count == 0 ? null : inputs };
            await Audit.Allowed("build:start", AuditTarget.OfProject(Project.Org, Project.Name), BuildAudit.Fields(request));
            var result = await Grains.Project(Project).Start(request, (await Authentication).User.Actor());
            problem = result.Problem;
            if (problem is not null) return;
            Dialog.Close();
            if (result.Builds is [var only]) Navigation.NavigateTo($"/{Project}/builds/{only.Number}");
        }
        finally
        {
            busy = false;
        }
    }
}
