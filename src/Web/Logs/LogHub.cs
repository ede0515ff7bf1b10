using Microsoft.Extensions.Logging;
using PRTS.Contracts;
using PRTS.Contracts.Builds;
using PRTS.Contracts.Logs;
using PRTS.Web.Live;

namespace PRTS.Web.Logs;

/// <summary>Gives viewers in this process what is appended to the log of an attempt. Lost messages show as gaps in the offsets.</summary>
public sealed class LogHub(IClusterClient cluster, ILogger<LogHub> log) : IDisposable
{
    /// <summary>At most 64 KB each.</summary>
    private const int Capacity = 64;
    private readonly StreamFanOut<LogAppended> streams = new(cluster, log);

    public Task<Viewer<LogAppended>> Subscribe(AttemptId attempt) => streams.Subscribe(Streams.Log(attempt), Capacity);

    public void Dispose() => streams.Dispose();
}
