using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.Components.Authorization;
using Microsoft.Extensions.Localization;
using MudBlazor;
using PRTS.Api;
using PRTS.Audit;
using PRTS.Contracts.Access;
using PRTS.Storage.Secrets.Keys;
using PRTS.Web.Audit;
using PRTS.Web.Resources;

namespace PRTS.Web.Administration;

/// <summary>The key of all secrets: where it is, how far it is in use, and a new one.</summary>
public partial class KeysPanel
{
    private string? problem;
    private bool busy;

    [PersistentState] public KeyStatus? Status { get; set; }

    [CascadingParameter] private Task<AuthenticationState> Authentication { get; set; } = null!;

    [Inject] private KeyRotation Rotation { get; set; } = null!;

    [Inject] private IAuthorizationService Authorization { get; set; } = null!;

    [Inject] private IDialogService Dialogs { get; set; } = null!;

    [Inject] private PageAudit Audit { get; set; } = null!;

    [Inject] private IStringLocalizer<UiText> Localizer { get; set; } = null!;

    private RunStatus Look => Status is { Failing: > 0 } ? RunStatus.Failed : Status is { IsComplete: false } ? RunStatus.Running : RunStatus.Succeeded;

    protected override Task OnInitializedAsync() => Status is null ? Try(() => Rotation.Status()) : Task.CompletedTask;

    private async Task Rotate()
    {
        if (await Dialogs.ShowMessageBoxAsync(Localizer["Keys.Rotate"], Localizer["Keys.RotateText"], Localizer["Keys.Rotate"], cancelText: Localizer["Cancel"]) != true) return;
        var target = new AuditTarget("key", Status?.Provider ?? "");
        if (!(await Authorization.AuthorizeAsync((await Authentication).User, AccessScope.Tenant, Permissions.SystemManage)).Succeeded)
        {
            await Audit.Denied("key:rotate", target);
            problem = Localizer["NoPermission.Text"];
            return;
        }

        await Audit.Allowed("key:rotate", target, before: Status is null ? null : AdministrationEndpoints.Fields(Status));
        await Try(async () =>
        {
            var made = await Rotation.Begin();
            await Audit.Allowed(AdministrationEndpoints.Rotated, target, AdministrationEndpoints.Made(made));
            return await Rotation.Status();
        });
        await Audit.Failed("key:rotate", target, problem);
    }

    private async Task Try(Func<Task<KeyStatus>> ask)
    {
        busy = true;
        try
        {
            (Status, problem) = (await ask(), null);
        }
        catch (KeyProviderException unusable)
        {
            problem = unusable.Message;
        }
        finally
        {
            busy = false;
        }
    }
}
