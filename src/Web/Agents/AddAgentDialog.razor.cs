using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.Components.Authorization;
using Microsoft.Extensions.Localization;
using MudBlazor;
using PRTS.Api.Agents;
using PRTS.Audit;
using PRTS.Contracts.Projects;
using PRTS.Web.Access;
using PRTS.Web.Audit;
using PRTS.Web.Resources;

namespace PRTS.Web.Agents;

public partial class AddAgentDialog
{
    private string name = "";
    private string labels = "";
    private string? problem;
    private AgentToken? made;

    [CascadingParameter] private IMudDialogInstance Dialog { get; set; } = null!;

    [CascadingParameter] private Task<AuthenticationState> Authentication { get; set; } = null!;

    [Inject] private PageAudit Audit { get; set; } = null!;

    [Inject] private AgentTokens Tokens { get; set; } = null!;

    [Inject] private IStringLocalizer<UiText> Localizer { get; set; } = null!;

    private async Task Make()
    {
        var given = name.Trim();
        problem = given.Length > 0 && !ProjectId.IsValidName(given) ? Localizer["AddAgent.BadName"].Value : null;
        if (problem is not null) return;
        var request = new CreateAgentToken
        {
            Name = given.Length > 0 ? given : null,
            Labels = labels.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries),
        };
        await Audit.Allowed("agent-token:create", AgentTokens.Target(request), AgentTokens.Fields(request));
        (made, var refused) = await Tokens.Create((await Authentication).User, request);
        problem = await Audit.Outcome("agent-token:create", AgentTokens.Target(request), refused);
    }
}
