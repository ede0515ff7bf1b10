using Microsoft.AspNetCore.Components;
using Microsoft.Extensions.Localization;
using PRTS.Api.Builds;
using PRTS.Web.Resources;

namespace PRTS.Web.Builds;

public partial class JobGraph
{
    private const int ManyJobs = 100;
    private static readonly int[] Zooms = [35, 50, 70, 100, 130];
    private int step = -1;

    [Parameter, EditorRequired] public IReadOnlyList<StageSummary> Stages { get; set; } = [];

    [Parameter, EditorRequired] public string Selected { get; set; } = "";

    [Parameter, EditorRequired] public Func<string, string> Address { get; set; } = null!;

    [Inject] private IStringLocalizer<UiText> Localizer { get; set; } = null!;

    private JobGraphLayout Layout { get; set; } = JobGraphLayout.Of([]);

    protected override void OnParametersSet()
    {
        Layout = JobGraphLayout.Of(Stages);
        if (step < 0) step = Layout.Jobs.Count > ManyJobs ? 1 : 3;
    }

    private int Scaled(int length) => length * Zooms[step] / 100;

    private void Zoom(int by) => step = Math.Clamp(step + by, 0, Zooms.Length - 1);

    private string Hint(JobSummary job) => job.Reason is null ? job.Name : $"{job.Name}: {Localizer[$"Status.{job.Status}"]}. {job.Reason}";
}
