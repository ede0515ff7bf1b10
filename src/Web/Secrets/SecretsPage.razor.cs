using Microsoft.AspNetCore.Components;
using MudBlazor;
using PRTS.Api.Secrets;
using PRTS.Contracts.Access;
using PRTS.Storage.Environments;
using PRTS.Storage.Secrets;
using PRTS.Web.Access;
using PRTS.Web.Shell;

namespace PRTS.Web.Secrets;

/// <summary>The secrets that reach a place and what limits them, never a value; and changes to its own.</summary>
public partial class SecretsPage
{
    /// <summary>Of a project: what jobs that deploy there may have. Null: everything.</summary>
    [SupplyParameterFromQuery] public string? Environment { get; set; }

    [PersistentState] public IReadOnlyList<SecretSummary>? Secrets { get; set; }

    /// <summary>Environments of the project: those that are known, and those that have secrets.</summary>
    [PersistentState] public IReadOnlyList<string>? Places { get; set; }

    [Inject] private SecretsStore Store { get; set; } = null!;

    [Inject] private EnvironmentsStore EnvironmentList { get; set; } = null!;

    [Inject] private IDialogService Dialogs { get; set; } = null!;

    protected override object Shown => (Org, Name);

    protected override bool Restored => Secrets is not null;

    private IReadOnlyList<SecretSummary> Rows => Environment is null ? Secrets! : [.. Secrets!.Where(secret => secret.Environment is null || secret.Environment == Environment)];

    private SecretScope Here => SecretAudit.Scope(User.Tenant(), Org, Name, null);

    protected override async Task Load()
    {
        if (!await Exists()) return;
        Secrets = await Store.Reaching(Here, Leaving);
        Places = Name is null ? [] :
        [
            .. (await EnvironmentList.List(Project(Org!, Name), Leaving)).Select(known => known.Name).Concat(Secrets.Select(secret => secret.Environment).OfType<string>())
                .Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal),
        ];
    }

    private async Task Edit(SecretSummary? secret)
    {
        if (!await Allowed(Permissions.SecretManage)) return;
        var parameters = new DialogParameters<SecretDialog>
        {
            { dialog => dialog.Place, Here },
            { dialog => dialog.Secret, secret },
            { dialog => dialog.Environment, secret?.Environment ?? Environment },
            { dialog => dialog.Environments, Places ?? [] },
            { dialog => dialog.Actor, User.Actor() },
        };
        var dialog = await Dialogs.ShowAsync<SecretDialog>(secret?.Name ?? Localizer["Secrets.New"], parameters);
        if (await dialog.Result is { Canceled: false }) await Reload();
    }

    private async Task Remove(SecretSummary secret)
    {
        if (!await Allowed(Permissions.SecretManage)) return;
        if (!await ConfirmDialog.Ask(Dialogs, Localizer["Secrets.Remove", secret.Name], Localizer["Secrets.RemoveText"], Localizer["Secrets.RemoveIt"])) return;
        // The question may have stood there for long.
        if (!await Allowed(Permissions.SecretManage)) return;
        var scope = SecretAudit.Scope(User.Tenant(), Org, Name, secret.Environment);
        await Audit.Allowed("secret:remove", SecretAudit.Target(scope, secret.Name), before: await SecretAudit.Before(Store, scope, secret.Name));
        if (!await Store.Remove(scope, secret.Name)) await Audit.Failed("secret:remove", SecretAudit.Target(scope, secret.Name), $"There is no secret '{secret.Name}' here.");
        await Reload();
    }

    private bool IsOwn(SecretSummary secret) => Of(secret) == Scope;

    /// <summary>A narrower one of the same name goes over it: for all that are here to be seen, or for the environment that was chosen.</summary>
    private bool IsReplaced(SecretSummary secret) => Secrets!.Any(other => other.Name == secret.Name && Depth(other) > Depth(secret) && (other.Environment is null || other.Environment == Environment));

    private static int Depth(SecretSummary secret) => secret.Environment is not null ? 3 : secret.Project is not null ? 2 : secret.Org is not null ? 1 : 0;

    private static AccessScope Of(SecretSummary secret) => new(secret.Org, secret.Project);

    private string At(string? environment) => Address(Scope, environment is null ? "secrets" : $"secrets?environment={Uri.EscapeDataString(environment)}");
}
