using System.Text.Json.Serialization;

namespace PRTS.Api;

/// <summary>The state of a build, job or step. JSON has the lower-case name.</summary>
[GenerateSerializer, Alias("prts.run-status")]
[JsonConverter(typeof(RunStatusJsonConverter))]
public enum RunStatus
{
    /// <summary>Accepted; what it needs has not ended, or an agent is being found.</summary>
    Queued = 0,

    /// <summary>Ready, but no agent can serve it now; the reason is beside it.</summary>
    Waiting = 1,
    Running = 2,
    Succeeded = 3,
    Failed = 4,
    Canceled = 5,
    Skipped = 6,

    /// <summary>The pipeline file has errors; they are listed with the build.</summary>
    Invalid = 7,
}

public static class RunStatuses
{
    public static bool IsEnded(this RunStatus status) => status is not (RunStatus.Queued or RunStatus.Waiting or RunStatus.Running);
}

/// <summary>Lower-case names, as scripts expect them.</summary>
public sealed class RunStatusJsonConverter() : JsonStringEnumConverter<RunStatus>(System.Text.Json.JsonNamingPolicy.CamelCase, allowIntegerValues: false);
