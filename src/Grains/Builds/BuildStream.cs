using Microsoft.Extensions.Logging;
using PRTS.Contracts;

namespace PRTS.Grains.Builds;

/// <summary>Tells viewers that there is something new to read. Never awaited: a lost notice costs a viewer only time.</summary>
internal sealed partial class BuildStream(Grain grain, string tenant, ILogger log)
{
    public void Publish(BuildChanged change) => _ = Send(change);

    private async Task Send(BuildChanged change)
    {
        try
        {
            await grain.GetStreamProvider(Streams.Provider).GetStream<BuildChanged>(Streams.Build(tenant)).OnNextAsync(change);
        }
        catch (Exception failure)
        {
            LogNotPublished(failure, change.Build.ToString());
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Viewers were not told of a change of {Build}")]
    private partial void LogNotPublished(Exception failure, string build);
}
