using Microsoft.AspNetCore.Components;
using PRTS.Contracts;
using PRTS.Contracts.Access;
using PRTS.Storage.Projects;
using PRTS.Web.Access;

namespace PRTS.Web.Shell;

/// <summary>A page that the tenant, each organization and each project has: what it shows and asks for lies where its address says.</summary>
public abstract class PlacePage : LivePage
{
    /// <summary>Null: the whole tenant.</summary>
    [Parameter] public string? Org { get; set; }

    /// <summary>A project's; null: the whole organization.</summary>
    [Parameter] public string? Name { get; set; }

    [Inject] private ProjectsReadModel Projects { get; set; } = null!;

    [Inject] private IGrainFactory Organizations { get; set; } = null!;

    protected override AccessScope Scope => new(Org, Name);

    /// <summary>False, and the page says that there is nothing here, when the address names what is not there.</summary>
    protected async Task<bool> Exists()
    {
        var there = Name is not null ? await Projects.Get(Project(Org!, Name), Leaving) is not null : Org is null || await Organizations.Organization(User.Tenant(), Org).Get() is not null;
        if (!there) Navigation.NotFound();
        return there;
    }

    /// <summary>Where the pages of a place lie.</summary>
    public static string Address(AccessScope place, string page) => place.Project is not null ? $"/{place}/{page}" : place.Org is not null ? $"/{place}/-/{page}" : $"/admin/{page}";
}
