using Microsoft.Extensions.Logging;
using PRTS.Contracts.Builds;

namespace PRTS.Grains.Builds;

public sealed partial class BuildGrain
{
    [LoggerMessage(Level = LogLevel.Warning, Message = "Build {Build}: not every job got its command; again in {Pause}")]
    private partial void LogWorkFailed(Exception failure, BuildId build, TimeSpan pause);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Build {Build}: the read model does not have its newest state yet; again in {Pause}")]
    private partial void LogTellFailed(Exception failure, BuildId build, TimeSpan pause);
}
