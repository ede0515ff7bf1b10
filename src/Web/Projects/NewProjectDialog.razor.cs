using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.Components.Authorization;
using Microsoft.Extensions.Localization;
using MudBlazor;
using PRTS.Api.Access;
using PRTS.Api.Projects;
using PRTS.Audit;
using PRTS.Contracts;
using PRTS.Contracts.Access;
using PRTS.Contracts.Projects;
using PRTS.Web.Access;
using PRTS.Web.Audit;
using PRTS.Web.Resources;

namespace PRTS.Web.Projects;

public partial class NewProjectDialog
{
    private string org = "";
    private string name = "";
    private string description = "";
    private string branch = "main";
    private string? problem;
    private string? created;
    private bool busy;

    [CascadingParameter] private IMudDialogInstance Dialog { get; set; } = null!;

    [CascadingParameter] private Task<AuthenticationState> Authentication { get; set; } = null!;

    [Inject] private PageAudit Audit { get; set; } = null!;

    [Inject] private IGrainFactory Grains { get; set; } = null!;

    [Inject] private WebOptions Options { get; set; } = null!;

    [Inject] private NavigationManager Navigation { get; set; } = null!;

    [Inject] private IStringLocalizer<UiText> Localizer { get; set; } = null!;

    private async Task Create()
    {
        problem = Problem();
        if (problem is not null) return;
        busy = true;
        try
        {
            var user = (await Authentication).User;
            if (!user.May(Permissions.ProjectCreate, new(org.Trim())))
            {
                problem = Localizer["NoPermission.Text"];
                return;
            }

            var tenant = user.Tenant();
            var definition = new CreateProject { Org = org.Trim(), Name = name.Trim(), Description = description.Trim(), DefaultBranch = branch.Trim() };
            var target = AuditTarget.OfProject(definition.Org, definition.Name);
            var makesOrganization = await ProjectAudit.MakesOrganization(Grains, tenant, definition.Org);
            if (makesOrganization && !user.May(Permissions.OrganizationManage, AccessScope.Tenant))
            {
                await Audit.Denied("organization:create", DirectoryChanges.Organization(definition.Org));
                problem = Localizer["Project.NoOrganization", definition.Org];
                return;
            }

            await Audit.Allowed("project:create", target, ProjectAudit.Fields(definition));
            if (makesOrganization)
                await Audit.Allowed("organization:create", DirectoryChanges.Organization(definition.Org), DirectoryChanges.Fields(new CreateOrganization { Name = definition.Org }));
            if (await Grains.Project(new ProjectId(tenant, definition.Org, definition.Name)).Create(definition)) created = Options.CloneUrl(definition.Org, definition.Name);
            else problem = Localizer["Project.Taken", target.Id];
            await Audit.Failed("project:create", target, problem);
        }
        finally
        {
            busy = false;
        }
    }

    private string? Problem() =>
        !ProjectId.IsValidName(org.Trim()) || !ProjectId.IsValidName(name.Trim()) ? Localizer["Project.BadName"].Value
        : ReservedNames.Contains(org.Trim()) ? Localizer["Project.Reserved", org.Trim()].Value
        : branch.Trim().Length == 0 ? Localizer["Project.NoBranch"].Value
        : null;

    private void Open()
    {
        Dialog.Close();
        Navigation.NavigateTo($"/{org.Trim()}/{name.Trim()}");
    }
}
