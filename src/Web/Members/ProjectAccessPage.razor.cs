using Microsoft.AspNetCore.Components;
using PRTS.Api.Projects;
using PRTS.Contracts.Access;
using PRTS.Storage.Projects;

namespace PRTS.Web.Members;

public partial class ProjectAccessPage
{
    [Parameter] public string Org { get; set; } = "";

    [Parameter] public string Name { get; set; } = "";

    [PersistentState] public RefProtection? Protection { get; set; }

    protected override bool Restored => base.Restored && Protection is not null;

    protected override AccessScope Scope => new(Org, Name);

    [Inject] private ProjectsReadModel Projects { get; set; } = null!;

    protected override async Task Load()
    {
        if (await Projects.Get(Project(Org, Name), Leaving) is not { } project)
        {
            Navigation.NotFound();
            return;
        }

        Protection = project.Protection;
        await base.Load();
    }
}
