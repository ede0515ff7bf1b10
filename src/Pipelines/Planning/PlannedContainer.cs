using Orleans;

namespace PRTS.Pipelines.Planning;

/// <summary>When an image is pulled although the engine may have it.</summary>
[GenerateSerializer, Alias("prts.pull-policy")]
public enum PullPolicy
{
    IfNotPresent,
    Always,
    Never,
}

/// <summary>A container that a job wants: the one that its steps run in, or a service beside them.</summary>
[GenerateSerializer, Alias("prts.plan-container"), Immutable]
public sealed record PlannedContainer
{
    /// <summary>As <c>docker pull</c> takes it; may be a template.</summary>
    [Id(0)] public required string Image { get; init; }

    /// <summary>The host name of a service; empty for the job's own container, and while only the evaluated image will tell.</summary>
    [Id(1)] public string Name { get; init; } = "";

    [Id(2)] public PullPolicy Pull { get; init; }

    /// <summary>Of a service; the values may be templates.</summary>
    [Id(3)] public IReadOnlyDictionary<string, string> Env { get; init; } = new Dictionary<string, string>(StringComparer.Ordinal);

    /// <summary>TCP ports that a service listens on; the job waits for them where there is no <see cref="Health"/>.</summary>
    [Id(4)] public IReadOnlyList<int> Ports { get; init; } = [];

    /// <summary>Instead of what the image says; empty: what the image says. May be templates.</summary>
    [Id(5)] public IReadOnlyList<string> Command { get; init; } = [];

    [Id(6)] public PlannedHealth? Health { get; init; }

    /// <summary><c>user</c>, <c>uid</c> or <c>uid:gid</c>; null: the image's.</summary>
    [Id(7)] public string? User { get; init; }

    /// <summary>Nothing of the image's files can be written.</summary>
    [Id(8)] public bool ReadOnly { get; init; }

    [Id(9)] public ContainerLimits? Limits { get; init; }

    /// <summary>The last part of the image's name: <c>registry.example.com/db/postgres:15</c> is reached as <c>postgres</c>. Null when that is no host name.</summary>
    public static string? HostNameOf(string image)
    {
        var last = image[(image.LastIndexOf('/') + 1)..];
        var name = last[..(last.AsSpan().IndexOfAny(':', '@') is >= 0 and var end ? end : last.Length)].ToLowerInvariant().Replace('_', '-').Replace('.', '-');
        return IsHostName(name) ? name : null;
    }

    /// <summary>1 to 63 lower-case letters, digits and inner hyphens.</summary>
    public static bool IsHostName(string name) => name.Length is > 0 and <= 63 && name[0] != '-' && name[^1] != '-'
        && name.All(c => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) || c == '-');
}

/// <summary>How it is found out that a service is ready.</summary>
[GenerateSerializer, Alias("prts.plan-health"), Immutable]
public sealed record PlannedHealth
{
    /// <summary>A shell command in the service's container; exit code 0: healthy.</summary>
    [Id(0)] public required string Command { get; init; }
    [Id(1)] public TimeSpan Interval { get; init; } = TimeSpan.FromSeconds(1);
    [Id(2)] public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Failures in a row after which it will not become healthy.</summary>
    [Id(3)] public int Retries { get; init; } = 60;
}

/// <summary>What a container may use at most; null or 0 is no limit.</summary>
[GenerateSerializer, Alias("prts.container-limits"), Immutable]
public sealed record ContainerLimits
{
    /// <summary>Cores.</summary>
    [Id(0)] public double Cpu { get; init; }

    /// <summary>Bytes.</summary>
    [Id(1)] public long Memory { get; init; }

    /// <summary>Processes and threads.</summary>
    [Id(2)] public int Pids { get; init; }
}
