using Microsoft.AspNetCore.Components;
using PRTS.Api.Projects;
using PRTS.Contracts.Access;
using PRTS.Storage.Projects;

namespace PRTS.Web.Members;

public partial class ProjectAccessPage
{
    private RefProtection protection = new();

    [Parameter] public string Org { get; set; } = "";

    [Parameter] public string Name { get; set; } = "";

    protected override AccessScope Scope => new(Org, Name);

    [Inject] private ProjectsReadModel Projects { get; set; } = null!;

    protected override async Task Load()
    {
        if (await Projects.Get(Project(Org, Name), Leaving) is not { } project)
        {
            Navigation.NotFound();
            return;
        }

        protection = project.Protection;
        await base.Load();
    }
}
