using Microsoft.AspNetCore.Components;
using Microsoft.Extensions.Localization;
using MudBlazor;
using PRTS.Api.Secrets;
using PRTS.Storage.Secrets;
using PRTS.Storage.Secrets.Keys;
using PRTS.Web.Audit;
using PRTS.Web.Resources;

namespace PRTS.Web.Secrets;

/// <summary>Sets a connection to a Vault. Its credential is kept from the moment when it was typed until it is saved or the dialog is closed, and is not rendered at all.</summary>
public partial class VaultDialog : IDisposable
{
    private string name = "";
    private string address = "";
    private string space = "";
    private string role = "";
    private string mount = "approle";
    private string authorities = "";
    private SecretText? credential;
    private string? problem;
    private bool busy;

    [CascadingParameter] private IMudDialogInstance Dialog { get; set; } = null!;

    [Parameter, EditorRequired] public SecretScope Place { get; set; } = null!;

    /// <summary>Null: a new one.</summary>
    [Parameter] public VaultConnection? Connection { get; set; }

    /// <summary>Who sets it.</summary>
    [Parameter, EditorRequired] public string Actor { get; set; } = "";

    [Inject] private PageAudit Audit { get; set; } = null!;

    [Inject] private VaultConnections Vaults { get; set; } = null!;

    [Inject] private IStringLocalizer<UiText> Localizer { get; set; } = null!;

    protected override void OnInitialized()
    {
        if (Connection is not { } known) return;
        (name, address, space, role, mount, authorities) = (known.Name, known.Address, known.Namespace ?? "", known.RoleId ?? "", known.AppRoleMount, known.CaCertificates ?? "");
    }

    private void Take(ChangeEventArgs change)
    {
        Forget();
        credential = change.Value is string typed && typed.Trim() is { Length: > 0 } given ? SecretText.Of(given) : null;
    }

    private async Task Save()
    {
        if (busy) return;
        if (credential is null)
        {
            problem = Localizer["Vaults.NoCredential"];
            return;
        }

        busy = true;
        try
        {
            var request = new SetVaultConnection
            {
                Address = address.Trim(),
                Namespace = Given(space),
                CaCertificates = Given(authorities),
                RoleId = Given(role),
                AppRoleMount = Given(mount) ?? "approle",
                Credential = credential,
            };
            problem = VaultConnections.Problem(Place, request.Named(name.Trim()), credential);
            if (problem is not null) return;
            var target = VaultAudit.Target(Place, name.Trim());
            await Audit.Allowed("vault:set", target, VaultAudit.Fields(request), await VaultAudit.Before(Vaults, Place, name.Trim()));
            problem = await Vaults.Set(Place, request.Named(name.Trim()), credential, Actor);
            await Audit.Failed("vault:set", target, problem);
            if (problem is not null) return;
            Forget();
            Dialog.Close();
        }
        catch (KeyProviderException)
        {
            problem = Localizer["Secrets.NoKey"];
        }
        finally
        {
            busy = false;
        }
    }

    public void Dispose()
    {
        Forget();
        GC.SuppressFinalize(this);
    }

    private void Forget()
    {
        credential?.Dispose();
        credential = null;
    }

    private static string? Given(string? text) => string.IsNullOrWhiteSpace(text) ? null : text.Trim();
}
