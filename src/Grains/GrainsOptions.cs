namespace PRTS.Grains;

public sealed record GrainsOptions
{
    /// <summary>Where agents and people reach this control plane, for example <c>http://127.0.0.1:5080</c>.</summary>
    public required string PublicUrl { get; init; }

    /// <summary>The cluster's secret for attempt tokens: 32 bytes, the same on every server.</summary>
    public required byte[] TokenKey { get; init; }

    /// <summary>An agent that was silent for so long is shown offline and gets no new jobs.</summary>
    public TimeSpan OfflineAfter { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>An agent that was silent for so long has lost the jobs that it ran.</summary>
    public TimeSpan LostAfter { get; init; } = TimeSpan.FromMinutes(2);

    /// <summary>SIGTERM to SIGKILL.</summary>
    public TimeSpan CancelGrace { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>How often builds that have not ended are woken, so that nothing that a crash interrupted stays so.</summary>
    public TimeSpan WakeEvery { get; init; } = TimeSpan.FromSeconds(30);
}
