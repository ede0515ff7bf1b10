using System.Globalization;
using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.Components.Authorization;
using Microsoft.Extensions.Localization;
using PRTS.Api.Access;
using PRTS.Web.Access;
using PRTS.Web.Audit;
using PRTS.Web.Resources;

namespace PRTS.Web.Account;

public partial class TokensPanel
{
    private string name = "";
    private string days = "";
    private string? problem;
    private CreatedAccessToken? created;
    private List<AccessTokenSummary>? tokens;
    private Guid user;

    [CascadingParameter] private Task<AuthenticationState> Authentication { get; set; } = null!;

    [Inject] private PageAudit Audit { get; set; } = null!;

    [Inject] private AccessTokens Tokens { get; set; } = null!;

    [Inject] private IStringLocalizer<UiText> Localizer { get; set; } = null!;

    protected override async Task OnInitializedAsync()
    {
        user = (await Authentication).User.UserId();
        tokens = await Tokens.List(user);
    }

    private async Task Create()
    {
        created = null;
        problem = null;
        var lifetime = 0;
        if (days.Trim().Length > 0 && (!int.TryParse(days.Trim(), NumberStyles.None, CultureInfo.InvariantCulture, out lifetime) || lifetime is < 1 or > 3650))
        {
            problem = Localizer["Tokens.BadDays"];
            return;
        }

        var request = new CreateAccessToken { Name = name.Trim(), ExpiresInDays = lifetime == 0 ? null : lifetime };
        if (AccessTokens.Problem(request) is not null)
        {
            problem = Localizer["Tokens.BadName"];
            return;
        }

        await Audit.Allowed("access-token:create", new("access-token", request.Name));
        created = await Tokens.Create(user, request);
        (name, days) = ("", "");
        tokens = await Tokens.List(user);
    }

    private async Task Revoke(Guid id)
    {
        await Audit.Allowed("access-token:revoke", new("access-token", id.ToString()));
        await Tokens.Revoke(user, id);
        if (created?.Summary.Id == id) created = null;
        tokens = await Tokens.List(user);
    }
}
