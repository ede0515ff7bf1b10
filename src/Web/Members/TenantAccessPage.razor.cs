using Microsoft.AspNetCore.Components;
using PRTS.Api.Access;
using PRTS.Contracts.Access;
using PRTS.Web.Access;

namespace PRTS.Web.Members;

public partial class TenantAccessPage
{
    [PersistentState] public IReadOnlyList<OrganizationSummary>? Organizations { get; set; }

    protected override async Task Load()
    {
        // Whoever sees members in the whole tenant sees no more projects by that: the list is as the API's.
        var places = User.Places(Permissions.ProjectRead);
        Organizations = [.. (await Directory.Organizations(User.Tenant(), Leaving)).Where(known => places.Any(place => place.Org is null || place.Org == known.Name))];
        await base.Load();
    }
}
