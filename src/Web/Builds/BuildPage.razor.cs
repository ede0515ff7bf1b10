using System.Globalization;
using Microsoft.AspNetCore.Components;
using PRTS.Api;
using PRTS.Api.Artifacts;
using PRTS.Api.Builds;
using PRTS.Audit;
using PRTS.Contracts;
using PRTS.Contracts.Access;
using PRTS.Contracts.Builds;
using PRTS.Storage.Artifacts;
using PRTS.Storage.Builds;
using PRTS.Web.Access;

namespace PRTS.Web.Builds;

public partial class BuildPage
{
    private string? chosen;

    [Parameter] public string Org { get; set; } = "";

    [Parameter] public string Name { get; set; } = "";

    protected override AccessScope Scope => new(Org, Name);

    [Parameter] public int Number { get; set; }

    /// <summary>Key of the job that is shown.</summary>
    [SupplyParameterFromQuery] public string? Job { get; set; }

    /// <summary>Of the job whose log is shown; the last one when it is not given.</summary>
    [SupplyParameterFromQuery] public int? Attempt { get; set; }

    /// <summary>The artifact that is open: <c>job/name</c>.</summary>
    [SupplyParameterFromQuery] public string? Artifact { get; set; }

    /// <summary>The folder of it that is shown.</summary>
    [SupplyParameterFromQuery] public string? Folder { get; set; }

    public BuildSummary? Build { get; private set; }

    /// <summary>What travels with the page: the steps of other jobs than the one shown stay behind.</summary>
    [PersistentState]
    public BuildSummary? Kept
    {
        get => Build is { Stages: { } stages } build ? build with { Stages = [.. stages.Select(WithoutSteps)] } : Build;
        set => Build = value;
    }

    [PersistentState] public IReadOnlyList<ArtifactSummary>? Artifacts { get; set; }

    [Inject] private BuildsReadModel Builds { get; set; } = null!;

    [Inject] private ArtifactsReadModel ArtifactList { get; set; } = null!;

    [Inject] private IGrainFactory Grains { get; set; } = null!;

    protected override object Shown => (Org, Name, Number);

    protected override bool Restored => Build is not null && Artifacts is not null;

    protected override BuildId? Watched => Id;

    private BuildId Id => new(Project(Org, Name), Number);

    private IEnumerable<JobSummary> Jobs => Build?.Stages?.SelectMany(stage => stage.Jobs) ?? [];

    /// <summary>The job in the address; else the one that most likely interests, and then that one as long as the page is open.</summary>
    private JobSummary? Selected
    {
        get
        {
            var job = Jobs.FirstOrDefault(job => job.Key == (Job ?? chosen)) ?? MostInteresting(Jobs);
            if (Job is null) chosen = job?.Key;
            return job;
        }
    }

    protected override async Task Load()
    {
        var id = Id;
        Build = await Builds.Get(id, Leaving);
        if (Build is null)
        {
            Navigation.NotFound();
            return;
        }

        Artifacts = await ArtifactList.List(id, Leaving);
    }

    private static JobSummary? MostInteresting(IEnumerable<JobSummary> jobs) => jobs.MinBy(job => job.Status switch
    {
        RunStatus.Failed when !job.AllowFailure => 0,
        RunStatus.Running => 1,
        RunStatus.Waiting => 2,
        RunStatus.Canceled => 3,
        RunStatus.Skipped => 5,
        _ => 4,
    });

    private StageSummary WithoutSteps(StageSummary stage) =>
        stage with { Jobs = [.. stage.Jobs.Select(job => job.Key == Selected?.Key ? job : job with { Steps = [] })] };

    private AuditTarget Target => AuditTarget.In(Id.Project.Org, Id.Project.Name, "build", Number.ToString(CultureInfo.InvariantCulture));

    private async Task Cancel()
    {
        if (!await Allowed(Permissions.BuildCancel)) return;
        await Audit.Allowed("build:cancel", Target);
        await Grains.Build(Id).Cancel(User.Actor(), "");
    }

    private Task RerunFailed() => Rerun(null, fromFailedStep: false);

    private async Task Rerun(string? job, bool fromFailedStep)
    {
        if (!await Allowed(Permissions.PipelineRun)) return;
        var request = new RerunJobs { Jobs = job is null ? null : [job], FromFailedStep = fromFailedStep };
        await Audit.Allowed("build:rerun", Target, BuildAudit.Fields(request), await BuildAudit.Before(Builds, Id, request, Leaving));
        if (await Grains.Build(Id).Rerun(User.Actor(), request.Jobs, fromFailedStep) is { } problem) Snackbar.Add(problem, MudBlazor.Severity.Error);
    }

    private async Task Retry()
    {
        if (!await Allowed(Permissions.PipelineRun)) return;
        await Audit.Allowed("build:retry", Target);
        var result = await Grains.Project(Id.Project).Retry(Number, User.Actor());
        if (result.Problem is not null) Snackbar.Add(result.Problem, MudBlazor.Severity.Error);
        else if (result.Builds is [var build, ..]) Navigation.NavigateTo(build.Page());
    }
}
