using System.Text.Json;
using Microsoft.AspNetCore.Components;
using Microsoft.Extensions.Localization;
using PRTS.Api;
using PRTS.Api.Builds;
using PRTS.Contracts.Builds;
using PRTS.Web.Resources;

namespace PRTS.Web.Builds;

public partial class JobPanel
{
    private static readonly string[] LogKeys = ["title", "loading", "empty", "waiting", "jump", "times", "wrap", "raw", "lines", "single", "cut", "lost", "failed", "line"];

    [Parameter, EditorRequired] public JobSummary Job { get; set; } = null!;

    [Parameter, EditorRequired] public BuildId Build { get; set; }

    /// <summary>The one whose log is asked for; null: the last.</summary>
    [Parameter] public int? Attempt { get; set; }

    /// <summary>All of the build has ended, so jobs can be run again.</summary>
    [Parameter] public bool Ended { get; set; }

    [Parameter] public EventCallback OnRerun { get; set; }

    [Parameter] public EventCallback OnResume { get; set; }

    /// <summary>A step failed, and its workspace may have been kept.</summary>
    private bool CanResume => Job is { Status: RunStatus.Failed, Agent: not null } && Job.Steps.Any(step => step.Status == RunStatus.Failed);

    [Inject] private IStringLocalizer<UiText> Localizer { get; set; } = null!;

    private const int MostAttempts = 10;

    /// <summary>The one whose log is shown.</summary>
    private int Seen => Attempt is { } asked && asked >= 1 && asked < Job.Attempt ? asked : Job.Attempt;

    private IEnumerable<int> Attempts => Enumerable.Range(1, Job.Attempt).Skip(Job.Attempt - MostAttempts);

    private string Log => new JobId(Build, Job.Key).Log();

    /// <summary>The viewer is a script of its own; it gets its words with its address.</summary>
    private string LogTexts => JsonSerializer.Serialize(LogKeys.ToDictionary(key => key, key => Localizer[$"Log.{key}"].Value, StringComparer.Ordinal));
}
