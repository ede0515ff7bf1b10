using PRTS.Storage.Audit;

namespace PRTS.Silo.Operations;

/// <summary>Every server signs checkpoints of audit logs that are due; should two do it at once, the first stored counts.</summary>
public sealed partial class AuditCheckpointService(AuditCheckpoints checkpoints, TimeProvider time, ILogger<AuditCheckpointService> log) : BackgroundService
{
    private static readonly TimeSpan Ask = TimeSpan.FromSeconds(30);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Ask, time);
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            try
            {
                var (_, damaged) = await checkpoints.MakeDue(stoppingToken);
                foreach (var damage in damaged) LogDamaged(damage.Message);
            }
            catch (Exception failure) when (!stoppingToken.IsCancellationRequested)
            {
                LogFailed(failure);
            }
        }
    }

    [LoggerMessage(Level = LogLevel.Critical, Message = "{Problem}")]
    private partial void LogDamaged(string problem);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Could not sign checkpoints of audit logs; again in 30 seconds")]
    private partial void LogFailed(Exception failure);
}
