using System.Globalization;
using System.Net;
using PRTS.Storage.Caches;
using PRTS.Storage.Secrets.Keys;
using PRTS.Web.Gateway;

namespace PRTS.Silo.Configuration;

/// <summary>The server's settings, from environment variables (docs/configuration.md). Constructed once; wrong values stop the start.</summary>
public sealed record ServerOptions
{
    public required string Home { get; init; }
    public required int Port { get; init; }
    public required IPAddress Listen { get; init; }
    public required IPAddress Advertise { get; init; }
    public required int SiloPort { get; init; }
    public required int GatewayPort { get; init; }
    public required string Database { get; init; }
    public required string PublicUrl { get; init; }
    public required BlobSettings Blobs { get; init; }
    public required CacheLimits Caches { get; init; }
    public required TlsSettings Tls { get; init; }
    public required GatewayOptions Gateway { get; init; }
    public required KeysConfig Keys { get; init; }
    public required TimeSpan SessionIdle { get; init; }
    public required TimeSpan SessionLifetime { get; init; }

    /// <summary>Administrators of tenants may let agents join.</summary>
    public required bool TenantAgents { get; init; }

    /// <exception cref="InvalidSettingsException"/>
    public static ServerOptions FromEnvironment() => Read(Environment.GetEnvironmentVariable);

    /// <exception cref="InvalidSettingsException"/>
    public static ServerOptions Read(Func<string, string?> variable)
    {
        var settings = new SettingsReader(variable);
        var port = settings.Port("PRTS_PORT", 5080);
        var listen = settings.Address("PRTS_LISTEN");
        var advertise = settings.Address("PRTS_ADVERTISE");
        var tls = TlsSettings.Read(settings);
        var home = Path.GetFullPath(settings.Text("PRTS_HOME") ?? "var");
        var options = new ServerOptions
        {
            Home = home,
            Port = port,
            Listen = listen,
            Advertise = advertise,
            SiloPort = settings.Port("PRTS_SILO_PORT", port + 1),
            GatewayPort = settings.Port("PRTS_GATEWAY_PORT", port + 2),
            Database = settings.Text("PRTS_DATABASE") ?? "",
            PublicUrl = settings.Text("PRTS_PUBLIC_URL")?.TrimEnd('/') ?? string.Create(CultureInfo.InvariantCulture, $"{(tls.IsOn ? "https" : "http")}://{PublicHost(listen, advertise)}:{port}"),
            Blobs = BlobSettings.Read(settings),
            Tls = tls,
            Gateway = GatewaySettings.Read(settings, tls),
            Caches = new()
            {
                Project = (long)settings.Whole("PRTS_CACHE_GIB", 10, most: 1 << 20) << 30,
                Unused = TimeSpan.FromDays(settings.Whole("PRTS_CACHE_DAYS", 14, most: 36500)),
            },
            Keys = KeySettings.Read(settings, home),
            SessionIdle = TimeSpan.FromHours(settings.Whole("PRTS_SESSION_IDLE_HOURS", 72, most: 24 * 365)),
            SessionLifetime = TimeSpan.FromHours(settings.Whole("PRTS_SESSION_HOURS", 14 * 24, most: 24 * 365)),
            TenantAgents = settings.Switch("PRTS_TENANT_AGENTS"),
        };
        if (options.Database.Length == 0)
            settings.Problems.Add("PRTS_DATABASE is not set: give a PostgreSQL connection string, or start with 'prts up', which sets it.");
        if (!Uri.TryCreate(options.PublicUrl, UriKind.Absolute, out var url) || url.Scheme is not ("http" or "https"))
            settings.Problems.Add($"PRTS_PUBLIC_URL is '{options.PublicUrl}': it must be an http or https address.");
        else if (tls.IsOn && url.Scheme != "https")
            settings.Problems.Add($"PRTS_PUBLIC_URL is '{options.PublicUrl}', but TLS is on: it must be an https address.");
        return settings.Problems.Count == 0 ? options : throw new InvalidSettingsException(settings.Problems);
    }

    private static string PublicHost(IPAddress listen, IPAddress advertise) =>
        (listen.Equals(IPAddress.Any) || listen.Equals(IPAddress.IPv6Any) ? advertise : listen).ToString();
}

/// <summary>Settings that cannot be used; the message has a line for each.</summary>
public sealed class InvalidSettingsException(IReadOnlyList<string> problems) : Exception(string.Join('\n', problems));
