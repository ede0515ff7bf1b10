using Microsoft.AspNetCore.Components;
using PRTS.Contracts.Access;
using PRTS.Storage.Projects;

namespace PRTS.Web.Members;

public partial class ProjectAccessPage
{
    [Parameter] public string Org { get; set; } = "";

    [Parameter] public string Name { get; set; } = "";

    protected override AccessScope Scope => new(Org, Name);

    [Inject] private ProjectsReadModel Projects { get; set; } = null!;

    protected override async Task Load()
    {
        if (await Projects.Get(Project(Org, Name), Leaving) is null) Navigation.NotFound();
        else await base.Load();
    }
}
