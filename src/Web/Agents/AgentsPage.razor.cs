using Microsoft.AspNetCore.Components;
using Microsoft.Extensions.Logging;
using MudBlazor;
using PRTS.Api.Agents;
using PRTS.Audit;
using PRTS.Contracts;
using PRTS.Contracts.Access;
using PRTS.Storage.Agents;
using PRTS.Web.Access;

namespace PRTS.Web.Agents;

public partial class AgentsPage
{
    private static readonly TimeSpan Period = TimeSpan.FromSeconds(3);
    private bool stale;

    [PersistentState] public IReadOnlyList<AgentSummary>? Agents { get; set; }

    [Inject] private AgentsReadModel AgentList { get; set; } = null!;

    [Inject] private AgentTokens Tokens { get; set; } = null!;

    [Inject] private IGrainFactory Grains { get; set; } = null!;

    [Inject] private IDialogService Dialogs { get; set; } = null!;

    [Inject] private TimeProvider Time { get; set; } = null!;

    [Inject] private ILogger<AgentsPage> Log { get; set; } = null!;

    private bool MayAdd => Tokens.AreForTenant(User.Tenant());

    protected override async Task OnInitializedAsync()
    {
        await base.OnInitializedAsync();
        Agents ??= await AgentList.List(User.Tenant(), Leaving);
    }

    protected override void OnAfterRender(bool firstRender)
    {
        if (firstRender) _ = InvokeAsync(KeepFresh);
    }

    /// <summary>Agents report every few seconds, and there is no stream of it: the list is read as often.</summary>
    private async Task KeepFresh()
    {
        using var timer = new PeriodicTimer(Period, Time);
        while (!Leaving.IsCancellationRequested)
        {
            try
            {
                if (!await timer.WaitForNextTickAsync(Leaving)) return;
                Agents = await AgentList.List(User.Tenant(), Leaving);
                stale = false;
            }
            catch (OperationCanceledException)
            {
                return;
            }
            catch (Exception failure)
            {
                LogReload(Log, failure);
                stale = true;
            }

            StateHasChanged();
        }
    }

    private async Task SetDrain(string name, bool drain)
    {
        if (!await Allowed(Permissions.AgentManage)) return;
        await Audit.Allowed(drain ? "agent:drain" : "agent:resume", new("agent", name), before: await AgentEndpoints.Former(AgentList, User.Tenant(), name));
        var agents = Grains.Agents(User.Tenant());
        if (!await (drain ? agents.Drain(name) : agents.Resume(name))) Snackbar.Add(Localizer["Agents.Gone", name], Severity.Warning);
        Agents = await AgentList.List(User.Tenant(), Leaving);
    }

    private async Task Add()
    {
        if (await Allowed(Permissions.AgentManage)) await Dialogs.ShowAsync<AddAgentDialog>(Localizer["Agents.Add"]);
    }

    /// <summary>The page of <c>org/project#number/job</c>.</summary>
    private static string Address(string job) =>
        job.Split('#') is [var project, var rest] && rest.Split('/') is [var number, var key] ? $"/{project}/builds/{number}?job={Uri.EscapeDataString(key)}" : "/";

    [LoggerMessage(LogLevel.Warning, "The list of agents could not be read again; the page tries on")]
    private static partial void LogReload(ILogger log, Exception failure);
}
