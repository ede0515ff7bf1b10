using System.Globalization;
using System.Net;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace PRTS.Cli.Up;

/// <summary><c>$PRTS_HOME/prts.json</c>: what an administrator may write down once instead of setting variables.</summary>
internal sealed record HomeConfig
{
    /// <summary>Connection string of a PostgreSQL that is not ours.</summary>
    public string? Database { get; init; }
    public int? Port { get; init; }
    public string? Listen { get; init; }
    public string? Advertise { get; init; }
    public string? PublicUrl { get; init; }

    /// <summary><c>self</c> or <c>off</c>.</summary>
    public string? Tls { get; init; }

    /// <summary>Files in PEM.</summary>
    public string? TlsCert { get; init; }
    public string? TlsKey { get; init; }
}

[JsonSourceGenerationOptions(JsonSerializerDefaults.Web, UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow, ReadCommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true)]
[JsonSerializable(typeof(HomeConfig))]
internal sealed partial class HomeConfigJson : JsonSerializerContext;

/// <summary>What <c>prts up</c> shall start. The command line wins over the environment, and that over prts.json.</summary>
internal sealed record UpOptions
{
    public required int Port { get; init; }
    public required IPAddress Listen { get; init; }
    public required IPAddress Advertise { get; init; }
    public required string? Database { get; init; }
    public required string? PublicUrl { get; init; }
    public required int SiloPort { get; init; }
    public required int GatewayPort { get; init; }
    public bool WithAgent { get; init; } = true;

    /// <summary>As the server's setting: <c>self</c>, <c>off</c> or null.</summary>
    public string? Tls { get; init; }
    public string? TlsCert { get; init; }
    public string? TlsKey { get; init; }

    /// <summary>Whether the server ends TLS itself.</summary>
    public bool IsTls => Tls == "self" || (Tls != "off" && TlsCert is not null);

    private string Scheme => IsTls ? "https" : "http";

    /// <summary>Where programs on this machine reach the control plane.</summary>
    public string LocalUrl => $"{Scheme}://{(IsAny(Listen) ? "127.0.0.1" : InUrl(Listen))}:{Port}";

    /// <summary>The address to show to people.</summary>
    public string ShownUrl => PublicUrl ?? (IPAddress.IsLoopback(Advertise) ? LocalUrl : $"{Scheme}://{InUrl(Advertise)}:{Port}");

    public static UpOptions Resolve(Home home, int? port, string? listen, string? advertise, string? database, bool withAgent)
    {
        var config = ReadConfig(home);
        var http = port ?? PortVariable("PRTS_PORT") ?? config.Port ?? 5080;
        if (http is < 1 or > 65533)
        {
            throw new UserError($"{http} is no port: choose one from 1 to 65533.", ExitCodes.Invalid);
        }

        return new UpOptions
        {
            Port = http,
            SiloPort = PortVariable("PRTS_SILO_PORT") ?? http + 1,
            GatewayPort = PortVariable("PRTS_GATEWAY_PORT") ?? http + 2,
            Listen = Address("--listen", listen ?? Variable("PRTS_LISTEN") ?? config.Listen ?? "127.0.0.1"),
            Advertise = Address("--advertise", advertise ?? Variable("PRTS_ADVERTISE") ?? config.Advertise ?? "127.0.0.1"),
            Database = database ?? Variable("PRTS_DATABASE") ?? config.Database,
            PublicUrl = Variable("PRTS_PUBLIC_URL") ?? config.PublicUrl,
            WithAgent = withAgent,
            Tls = Variable("PRTS_TLS") ?? config.Tls,
            TlsCert = PathOf(Variable("PRTS_TLS_CERT") ?? config.TlsCert),
            TlsKey = PathOf(Variable("PRTS_TLS_KEY") ?? config.TlsKey),
        };
    }

    private static HomeConfig ReadConfig(Home home)
    {
        try
        {
            return File.Exists(home.ConfigFile)
                ? JsonSerializer.Deserialize(File.ReadAllText(home.ConfigFile), HomeConfigJson.Default.HomeConfig) ?? new HomeConfig()
                : new HomeConfig();
        }
        catch (JsonException error)
        {
            throw new UserError($"{home.ConfigFile} is not what PRTS reads (database, port, listen, advertise, publicUrl, tls, tlsCert, tlsKey): {error.Message}", ExitCodes.Invalid);
        }
    }

    private static string? Variable(string name) => Environment.GetEnvironmentVariable(name) is { Length: > 0 } value ? value : null;

    /// <summary>The server has another working directory.</summary>
    private static string? PathOf(string? path) => path is null ? null : Path.GetFullPath(path);

    private static int? PortVariable(string name) => Variable(name) is not { } text ? null
        : int.TryParse(text, CultureInfo.InvariantCulture, out var port) && port is > 0 and < 65536 ? port
        : throw new UserError($"{name}={text} is no port: give a number from 1 to 65535.", ExitCodes.Invalid);

    private static IPAddress Address(string option, string text) => text == "localhost" ? IPAddress.Loopback
        : IPAddress.TryParse(text, out var address) ? address
        : throw new UserError($"{option} {text} is no IP address: give one such as 127.0.0.1, or 0.0.0.0 for every network of this machine.", ExitCodes.Invalid);

    private static bool IsAny(IPAddress address) => address.Equals(IPAddress.Any) || address.Equals(IPAddress.IPv6Any);

    private static string InUrl(IPAddress address) => address.AddressFamily == System.Net.Sockets.AddressFamily.InterNetworkV6 ? $"[{address}]" : address.ToString();
}
