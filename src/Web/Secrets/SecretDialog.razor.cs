using Microsoft.AspNetCore.Components;
using Microsoft.Extensions.Localization;
using MudBlazor;
using PRTS.Api.Secrets;
using PRTS.Storage.Secrets;
using PRTS.Storage.Secrets.Keys;
using PRTS.Web.Audit;
using PRTS.Web.Resources;

namespace PRTS.Web.Secrets;

/// <summary>
/// Sets a secret: its value, or where it is read, and its limits. A value is kept from the moment when it was typed until it is saved or the dialog is
/// closed, and is not rendered at all.
/// </summary>
public partial class SecretDialog : IDisposable
{
    private string name = "";
    private string environment = "";
    private string description = "";
    private string branches = "";
    private string tags = "";
    private string environments = "";
    private bool outside;
    private bool fromVault;
    private string connection = "";
    private string mount = "secret";
    private string path = "";
    private string field = "";
    private int? version;
    private SecretText? value;
    private string? problem;
    private bool busy;
    private IReadOnlyList<string> connections = [];

    [CascadingParameter] private IMudDialogInstance Dialog { get; set; } = null!;

    /// <summary>A tenant, an organization or a project.</summary>
    [Parameter, EditorRequired] public SecretScope Place { get; set; } = null!;

    /// <summary>Null: a new one.</summary>
    [Parameter] public SecretSummary? Secret { get; set; }

    /// <summary>Of the project, for which the secret is to be; null: for all.</summary>
    [Parameter] public string? Environment { get; set; }

    /// <summary>Those that are known.</summary>
    [Parameter] public IReadOnlyList<string> Environments { get; set; } = [];

    /// <summary>Who sets it.</summary>
    [Parameter, EditorRequired] public string Actor { get; set; } = "";

    [Inject] private PageAudit Audit { get; set; } = null!;

    [Inject] private SecretsStore Store { get; set; } = null!;

    [Inject] private VaultConnections Vaults { get; set; } = null!;

    [Inject] private IStringLocalizer<UiText> Localizer { get; set; } = null!;

    private string ConnectionHelp => connections.Count > 0 ? string.Join(", ", connections) : Localizer["Secrets.NoConnections"];

    protected override async Task OnInitializedAsync()
    {
        environment = Environment ?? "";
        if (Secret is { } known)
        {
            (name, description, outside, fromVault) = (known.Name, known.Description, known.Limits.AllowOutside, known.Vault is not null);
            (branches, tags, environments) = (Text(known.Limits.Branches), Text(known.Limits.Tags), Text(known.Limits.Environments));
            if (known.Vault is { } vault) (connection, mount, path, field, version) = (vault.Connection, vault.Mount, vault.Path, vault.Field, vault.Version);
        }

        connections = [.. (await Vaults.Reaching(Place)).Select(known => known.Name).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)];
        if (connection.Length == 0 && connections is [var only]) connection = only;
    }

    private void Take(ChangeEventArgs change)
    {
        value?.Dispose();
        value = change.Value is string { Length: > 0 } typed ? SecretText.Of(typed) : null;
    }

    private void Choose(bool vault)
    {
        fromVault = vault;
        Forget();
    }

    private async Task Save()
    {
        if (busy) return;
        busy = true;
        try
        {
            var scope = SecretAudit.Scope(Place.Tenant, Null(Place.Org), Null(Place.Project), Secret is null ? Given(environment) : Secret.Environment);
            var request = Request();
            problem = SecretRules.Problem(scope, name.Trim(), request);
            if (problem is not null) return;
            var target = SecretAudit.Target(scope, name.Trim());
            await Audit.Allowed("secret:set", target, SecretAudit.Fields(request), await SecretAudit.Before(Store, scope, name.Trim()));
            problem = (await Store.Set(scope, name.Trim(), request, Actor)).Problem;
            await Audit.Failed("secret:set", target, problem);
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

    private SetSecret Request() => new()
    {
        Value = fromVault ? null : value,
        Vault = fromVault ? new() { Connection = connection.Trim(), Mount = mount.Trim(), Path = path.Trim(), Field = field.Trim(), Version = version } : null,
        Description = description.Trim(),
        Limits = new() { Branches = Words(branches), Tags = Words(tags), Environments = Given(environment) is null ? Words(environments) : [], AllowOutside = outside },
    };

    public void Dispose()
    {
        Forget();
        GC.SuppressFinalize(this);
    }

    private void Forget()
    {
        value?.Dispose();
        value = null;
    }

    private static string? Given(string? text) => string.IsNullOrWhiteSpace(text) ? null : text.Trim();

    private static string? Null(string text) => text.Length > 0 ? text : null;

    private static string Text(IReadOnlyList<string> words) => string.Join(", ", words);

    private static List<string> Words(string? text) => [.. (text ?? "").Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)];
}
