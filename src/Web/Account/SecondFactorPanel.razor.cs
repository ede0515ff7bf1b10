using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.Components.Authorization;
using PRTS.Api.Access;
using PRTS.Audit;
using PRTS.Storage.Users;
using PRTS.Web.Access;
using PRTS.Web.Audit;
using QRCoder;

namespace PRTS.Web.Account;

public partial class SecondFactorPanel
{
    private SecondFactorState? state;
    private NewSecondFactor? begun;
    private IReadOnlyList<string>? codes;
    private string code = "";
    private bool isWrong;
    private bool local;
    private Guid user;

    [CascadingParameter] private Task<AuthenticationState> Authentication { get; set; } = null!;

    [Inject] private PageAudit Audit { get; set; } = null!;

    [Inject] private AccessAudit Before { get; set; } = null!;

    [Inject] private SecondFactors Factors { get; set; } = null!;

    [Inject] private UsersStore Users { get; set; } = null!;

    protected override async Task OnInitializedAsync()
    {
        user = (await Authentication).User.UserId();
        local = (await Users.Get(user))?.PasswordHash is not null;
        state = await Factors.State(user);
    }

    private async Task Begin()
    {
        await Audit.Allowed("second-factor:begin", Target, before: await Former());
        begun = await Factors.Begin((await Users.Get(user))!);
    }

    private async Task Confirm()
    {
        await Audit.Allowed("second-factor:confirm", Target, before: await Former());
        codes = await Factors.Confirm((await Users.Get(user))!, code);
        if (await Done(codes is not null)) begun = null;
    }

    private async Task Renew()
    {
        await Audit.Allowed("second-factor:renew", Target, before: await Former());
        await Done((codes = await Factors.Renew((await Users.Get(user))!, code, address: null)) is not null);
    }

    private async Task Remove()
    {
        codes = null;
        await Audit.Allowed("second-factor:remove", Target, before: await Former());
        var right = await Factors.Check((await Users.Get(user))!, code, address: null);
        if (right) await Factors.Remove(user);
        await Done(right);
    }

    private Task<AuditFields?> Former() => Before.SecondFactor(user);

    private AuditTarget Target => new("user", user.ToString());

    private async Task<bool> Done(bool right)
    {
        isWrong = !right;
        code = "";
        state = await Factors.State(user);
        return right;
    }

    /// <summary>Black on white also in the dark: cameras need the contrast.</summary>
    private static string Picture(string uri)
    {
        using var data = QRCodeGenerator.GenerateQrCode(uri, QRCodeGenerator.ECCLevel.M);
        using var picture = new SvgQRCode(data);
        return picture.GetGraphic(4);
    }
}
