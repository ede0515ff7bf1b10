using System.Text.Json.Serialization;

namespace PRTS.Cli.Up;

/// <summary>One line of <c>prts status</c>.</summary>
internal sealed record StatusEntry
{
    public required string Name { get; init; }

    /// <summary><c>postgres</c>, <c>server</c> or <c>agent</c>.</summary>
    public required string Role { get; init; }

    /// <summary>Null when it does not run.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.Never)]
    public required int? Pid { get; init; }

    /// <summary><c>running</c>, <c>starting</c> (its process runs and is not ready), <c>restarting</c> (it ended and is being started again) or <c>stopped</c>.</summary>
    public required string State { get; init; }
}
