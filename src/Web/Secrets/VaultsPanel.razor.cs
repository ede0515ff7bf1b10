using Microsoft.AspNetCore.Components;
using MudBlazor;
using PRTS.Api.Secrets;
using PRTS.Contracts.Access;
using PRTS.Storage.Secrets;
using PRTS.Web.Access;
using PRTS.Web.Shell;

namespace PRTS.Web.Secrets;

/// <summary>The connections to Vaults that secrets of a place may name, and changes to its own. Credentials go in and never come out.</summary>
public partial class VaultsPanel
{
    private AccessScope? loaded;

    [Parameter, EditorRequired] public AccessScope Place { get; set; }

    [PersistentState] public IReadOnlyList<VaultConnection>? Connections { get; set; }

    [Inject] private VaultConnections Vaults { get; set; } = null!;

    [Inject] private IDialogService Dialogs { get; set; } = null!;

    protected override AccessScope Scope => Place;

    private SecretScope Here => SecretAudit.Scope(User.Tenant(), Place.Org, Place.Project, null);

    protected override async Task OnParametersSetAsync()
    {
        if (loaded == Place) return;
        var restored = loaded is null && Connections is not null;
        loaded = Place;
        if (!restored) await Load();
    }

    private async Task Load() => Connections = await Vaults.Reaching(Here, Leaving);

    private async Task Edit(VaultConnection? connection)
    {
        if (!await Allowed(Permissions.SecretManage)) return;
        var parameters = new DialogParameters<VaultDialog> { { dialog => dialog.Place, Here }, { dialog => dialog.Connection, connection }, { dialog => dialog.Actor, User.Actor() } };
        var dialog = await Dialogs.ShowAsync<VaultDialog>(connection?.Name ?? Localizer["Vaults.New"], parameters);
        if (await dialog.Result is { Canceled: false }) await Load();
    }

    private async Task Remove(VaultConnection connection)
    {
        if (!await Allowed(Permissions.SecretManage)) return;
        if (!await ConfirmDialog.Ask(Dialogs, Localizer["Secrets.Remove", connection.Name], Localizer["Vaults.RemoveText"], Localizer["Secrets.RemoveIt"])) return;
        // The question may have stood there for long.
        if (!await Allowed(Permissions.SecretManage)) return;
        var target = VaultAudit.Target(Here, connection.Name);
        await Audit.Allowed("vault:remove", target, before: await VaultAudit.Before(Vaults, Here, connection.Name));
        if (!await Vaults.Remove(Here, connection.Name)) await Audit.Failed("vault:remove", target, $"There is no connection '{connection.Name}' here.");
        await Load();
    }

    private static AccessScope Of(VaultConnection connection) => new(connection.Org, connection.Project);
}
