using PRTS.Storage.Blobs;

namespace PRTS.Silo.Operations;

/// <summary>Every server asks now and then whether a sweep is due; the database lets one of them do it.</summary>
public sealed partial class SweepService(BlobSweep sweep, TimeProvider time, ILogger<SweepService> log) : BackgroundService
{
    private static readonly TimeSpan Ask = TimeSpan.FromMinutes(5);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Ask, time);
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            try
            {
                if (await sweep.RunWhenDue(stoppingToken) is (var logBlobs, var uploads, var caches) && logBlobs + uploads + caches > 0) LogSwept(logBlobs, uploads, caches);
            }
            catch (Exception failure) when (!stoppingToken.IsCancellationRequested)
            {
                LogFailed(failure);
            }
        }
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "Removed what crashes had left and what nobody uses: {LogBlobs} pieces of logs, {Uploads} uploads, {Caches} caches")]
    private partial void LogSwept(int logBlobs, int uploads, int caches);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Could not remove what crashes left in the blob store; again in 5 minutes")]
    private partial void LogFailed(Exception failure);
}
