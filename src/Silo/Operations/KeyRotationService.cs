using PRTS.Storage.Secrets.Keys;

namespace PRTS.Silo.Operations;

/// <summary>Every server re-wraps data keys when there is a new key, be it made here or elsewhere; they share the work row by row.</summary>
public sealed partial class KeyRotationService(KeyRotation rotation, ILogger<KeyRotationService> log) : BackgroundService
{
    private static readonly TimeSpan Ask = TimeSpan.FromMinutes(1);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (true)
        {
            await rotation.WaitUntilDue(Ask, stoppingToken);
            try
            {
                if (await rotation.Run(stoppingToken) is > 0 and var count) LogRewrapped(count);
            }
            catch (Exception failure) when (!stoppingToken.IsCancellationRequested)
            {
                LogFailed(failure);
            }
        }
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "Wrapped {Count} data keys with the current key")]
    private partial void LogRewrapped(int count);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Could not look after the keys of secrets; again in a minute")]
    private partial void LogFailed(Exception failure);
}
