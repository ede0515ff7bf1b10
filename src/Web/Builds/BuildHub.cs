using System.Runtime.CompilerServices;
using Microsoft.Extensions.Logging;
using PRTS.Contracts;
using PRTS.Contracts.Builds;
using PRTS.Web.Live;

namespace PRTS.Web.Builds;

/// <summary>
/// Tells viewers in this process that builds changed. News may be lost or come twice; whoever gets one reads the build again. After a
/// silence, look again too.
/// </summary>
public sealed class BuildHub(IClusterClient cluster, ILogger<BuildHub> log) : IDisposable
{
    /// <summary>The newest news say all that is needed.</summary>
    private const int Capacity = 256;
    private readonly StreamFanOut<BuildChanged> streams = new(cluster, log);

    /// <summary>Changes of one build, or of all of the tenant when none is named. Ends only when it is canceled.</summary>
    public async IAsyncEnumerable<BuildChanged> Watch(string tenant, BuildId? build, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        await using var viewer = await Subscribe(tenant, build);
        await foreach (var change in viewer.Messages.ReadAllAsync(cancellationToken)) yield return change;
    }

    /// <summary>Returns when changes from now on will be seen.</summary>
    public Task<Viewer<BuildChanged>> Subscribe(string tenant, BuildId? build) =>
        streams.Subscribe(Streams.Build(tenant), Capacity, build is { } only ? change => change.Build == only : null);

    public void Dispose() => streams.Dispose();
}
