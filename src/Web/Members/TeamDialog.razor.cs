using Microsoft.AspNetCore.Components;
using MudBlazor;
using PRTS.Api.Access;
using PRTS.Contracts.Access;
using PRTS.Web.Access;

namespace PRTS.Web.Members;

/// <summary>Makes a team of an organization, or says what it is for.</summary>
public partial class TeamDialog
{
    private string name = "";
    private string description = "";

    [CascadingParameter] private IMudDialogInstance Dialog { get; set; } = null!;

    /// <summary>Null: a new one.</summary>
    [Parameter] public TeamSummary? Team { get; set; }

    [Inject] private DirectoryChanges Changes { get; set; } = null!;

    protected override void OnInitialized() => (name, description) = (Team?.Name ?? "", Team?.Description ?? "");

    private async Task Save()
    {
        var (team, text) = (name.Trim(), description.Trim());
        if (await Make(Permissions.MemberManage, "team:set", Target("team", team), new() { ["description"] = text }, user => Changes.SetTeam(user.Tenant(), Scope.Org!, team, text), tenant => Former.Team(tenant, Scope.Org!, team))) Dialog.Close();
    }
}
