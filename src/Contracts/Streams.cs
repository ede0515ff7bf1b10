using Orleans.Runtime;
using PRTS.Contracts.Builds;
using PRTS.Contracts.Projects;

namespace PRTS.Contracts;

/// <summary>The streams of the cluster: provider, namespaces and keys. They carry what a reader can read again elsewhere.</summary>
public static class Streams
{
    /// <summary>
    /// Not the name of a grain storage: Orleans would keep the subscriptions in that one, whose serializer cannot read them again.
    /// </summary>
    public const string Provider = "live";

    /// <summary>Namespace of <see cref="Contracts.Logs.LogAppended"/>, one stream an attempt.</summary>
    public const string Logs = "logs";

    /// <summary>Namespace of <see cref="BuildChanged"/>, one stream a tenant.</summary>
    public const string Builds = "builds";

    public static StreamId Log(AttemptId attempt) => StreamId.Create(Logs, attempt.Key);

    public static StreamId Build(string tenant) => StreamId.Create(Builds, tenant);
}

/// <summary>A build, or one of its jobs, changed: read it again. Sent after the read model has it.</summary>
[GenerateSerializer, Alias("prts.build-changed"), Immutable]
public sealed record BuildChanged
{
    [Id(0)] public required BuildId Build { get; init; }
    [Id(1)] public required long Version { get; init; }

    /// <summary>Null when it is the build itself.</summary>
    [Id(2)] public string? Job { get; init; }
}
