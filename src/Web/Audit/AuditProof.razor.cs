using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.Components.Authorization;
using Npgsql;
using PRTS.Audit;
using PRTS.Audit.Checkpoints;
using PRTS.Storage.Audit;
using PRTS.Storage.Secrets.Keys;
using PRTS.Web.Access;

namespace PRTS.Web.Audit;

/// <summary>Asks for a checkpoint when the page has opened, which hashes what was added since the last one: a log that was changed is not signed.</summary>
public partial class AuditProof : IDisposable
{
    private const string CheckpointAddress = Rest.Routes.Api + "/audit/checkpoint";
    private const string ExportCommand = "prts audit export --output audit.jsonl";
    private const string VerifyCommand = "prts audit verify audit.jsonl --checkpoint kept.checkpoint";
    private readonly CancellationTokenSource leaving = new();
    private Checkpoint? checkpoint;
    private string? damage;
    private bool unknown;

    [CascadingParameter] private Task<AuthenticationState> Authentication { get; set; } = null!;

    [Inject] private AuditCheckpoints Checkpoints { get; set; } = null!;

    protected override async Task OnAfterRenderAsync(bool firstRender)
    {
        if (!firstRender) return;
        var left = leaving.Token;
        try
        {
            checkpoint = await Checkpoints.Now((await Authentication).User.Tenant(), left);
        }
        catch (AuditDamagedException found)
        {
            damage = found.Message;
        }
        catch (Exception failure) when (failure is NpgsqlException or KeyProviderException)
        {
            unknown = true;
        }
        catch (OperationCanceledException) when (left.IsCancellationRequested)
        {
            return;
        }

        StateHasChanged();
    }

    public void Dispose()
    {
        leaving.Cancel();
        leaving.Dispose();
        GC.SuppressFinalize(this);
    }
}
