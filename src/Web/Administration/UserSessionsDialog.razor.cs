using Microsoft.AspNetCore.Components;
using MudBlazor;
using PRTS.Api.Access;
using PRTS.Contracts.Access;
using PRTS.Storage.Users;
using PRTS.Web.Access;

namespace PRTS.Web.Administration;

/// <summary>Where somebody is signed in, for administrators, who may end it.</summary>
public partial class UserSessionsDialog
{
    private List<SessionSummary>? sessions;

    [CascadingParameter] private IMudDialogInstance Dialog { get; set; } = null!;

    /// <summary>A user's.</summary>
    [Parameter, EditorRequired] public string Name { get; set; } = "";

    [Inject] private Sessions Sessions { get; set; } = null!;

    [Inject] private Accounts Accounts { get; set; } = null!;

    [Inject] private UsersStore Users { get; set; } = null!;

    protected override async Task OnParametersSetAsync()
    {
        await base.OnParametersSetAsync();
        sessions = May(Permissions.UserManage) && await Users.ByName(User.Tenant(), Name) is { } user && (Problem = (await Accounts.Beyond(User, user))?.Text) is null ? await Sessions.List(user.Id, User.Session()) : [];
    }

    private async Task EndAll()
    {
        await Make(Permissions.UserManage, "session:end-all", new("session", Name), null, async by =>
        {
            if (await Users.ByName(by.Tenant(), Name) is not { } user) return new Refused(Refusal.NotFound, Localizer["Why.Nobody", Name]);
            if (await Accounts.Beyond(by, user) is { } beyond) return beyond;
            await Sessions.EndAll(user.Id, except: null);
            return null;
        }, async tenant => await Users.ByName(tenant, Name) is { } user ? await Former.Sessions(user.Id) : null);
        await OnParametersSetAsync();
    }
}
