using System.Globalization;

namespace PRTS.Web.Gateway;

/// <summary>A token bucket: at most <see cref="Quota"/> requests at once, filled up again within <see cref="Window"/>.</summary>
/// <param name="Window">Seconds.</param>
public sealed record Rate(int Quota, int Window)
{
    /// <summary>Reads <c>6000/6</c>: so many requests within so many seconds. Null when it is none.</summary>
    public static Rate? Parse(string text) =>
        text.Split('/') is [var quota, var window]
        && int.TryParse(quota, NumberStyles.None, CultureInfo.InvariantCulture, out var requests) && requests is > 0 and <= 10_000_000
        && int.TryParse(window, NumberStyles.None, CultureInfo.InvariantCulture, out var seconds) && seconds is > 0 and <= 86_400
            ? new(requests, seconds)
            : null;
}

/// <summary>How often who may ask. Far above what pages, agents, Git and scripts need: they stop loops and floods.</summary>
public sealed record RateSettings
{
    /// <summary>A user, whatever the session or access token.</summary>
    public Rate User { get; init; } = new(6000, 6);

    /// <summary>All jobs of an agent; agents' membership too, by address.</summary>
    public Rate Agent { get; init; } = new(20_000, 4);

    /// <summary>An address from which somebody asks who has not logged in.</summary>
    public Rate Address { get; init; } = new(1000, 10);

    /// <summary>Attempts to log in from an address.</summary>
    public Rate SignIn { get; init; } = new(60, 60);
}
