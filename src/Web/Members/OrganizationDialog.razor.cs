using Microsoft.AspNetCore.Components;
using MudBlazor;
using PRTS.Api.Access;
using PRTS.Contracts.Access;
using PRTS.Web.Access;

namespace PRTS.Web.Members;

/// <summary>Makes an organization, or says what it is for.</summary>
public partial class OrganizationDialog
{
    private string name = "";
    private string description = "";

    [CascadingParameter] private IMudDialogInstance Dialog { get; set; } = null!;

    /// <summary>Null: a new one, for which the scope is the whole tenant.</summary>
    [Parameter] public OrganizationSummary? Organization { get; set; }

    [Inject] private DirectoryChanges Changes { get; set; } = null!;

    protected override void OnInitialized() => (name, description) = (Organization?.Name ?? "", Organization?.Description ?? "");

    private async Task Save()
    {
        var (org, text) = (name.Trim(), description.Trim());
        var made = new CreateOrganization { Name = org, Description = text };
        var done = Organization is null
            ? await Make(Permissions.OrganizationManage, "organization:create", DirectoryChanges.Organization(org), DirectoryChanges.Fields(made), user => Changes.CreateOrganization(user.Tenant(), made))
            : await Make(Permissions.OrganizationManage, "organization:describe", DirectoryChanges.Organization(org), new() { ["description"] = text }, user => Changes.Describe(user.Tenant(), org, text), tenant => Former.Organization(tenant, org));
        if (done) Dialog.Close();
    }
}
