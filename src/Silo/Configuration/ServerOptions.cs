using System.Globalization;
using System.Net;

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

    public static ServerOptions FromEnvironment()
    {
        var problems = new List<string>();
        var port = PortOf("PRTS_PORT", 5080, problems);
        var listen = AddressOf("PRTS_LISTEN", problems);
        var advertise = AddressOf("PRTS_ADVERTISE", problems);
        var options = new ServerOptions
        {
            Home = Path.GetFullPath(Text("PRTS_HOME") ?? "var"),
            Port = port,
            Listen = listen,
            Advertise = advertise,
            SiloPort = PortOf("PRTS_SILO_PORT", port + 1, problems),
            GatewayPort = PortOf("PRTS_GATEWAY_PORT", port + 2, problems),
            Database = Text("PRTS_DATABASE") ?? "",
            PublicUrl = Text("PRTS_PUBLIC_URL")?.TrimEnd('/') ?? string.Create(CultureInfo.InvariantCulture, $"http://{PublicHost(listen, advertise)}:{port}"),
        };
        if (options.Database.Length == 0)
            problems.Add("PRTS_DATABASE is not set: give a PostgreSQL connection string, or start with 'prts up', which sets it.");
        if (!Uri.TryCreate(options.PublicUrl, UriKind.Absolute, out var url) || url.Scheme is not ("http" or "https"))
            problems.Add($"PRTS_PUBLIC_URL is '{options.PublicUrl}': it must be an http or https address.");
        return problems.Count == 0 ? options : throw new InvalidSettingsException(problems);
    }

    private static string? Text(string name) => Environment.GetEnvironmentVariable(name) is { Length: > 0 } value ? value : null;

    private static string PublicHost(IPAddress listen, IPAddress advertise) =>
        (listen.Equals(IPAddress.Any) || listen.Equals(IPAddress.IPv6Any) ? advertise : listen).ToString();

    private static int PortOf(string name, int otherwise, List<string> problems)
    {
        if (Text(name) is not { } text)
            return otherwise;
        if (int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var port) && port is > 0 and < 65536)
            return port;
        problems.Add($"{name} is '{text}': it must be a port number from 1 to 65535.");
        return otherwise;
    }

    private static IPAddress AddressOf(string name, List<string> problems)
    {
        if (Text(name) is not { } text)
            return IPAddress.Loopback;
        if (IPAddress.TryParse(text, out var address))
            return address;
        problems.Add($"{name} is '{text}': it must be an IP address such as 192.0.2.10.");
        return IPAddress.Loopback;
    }
}

/// <summary>Settings that cannot be used; the message has a line for each.</summary>
public sealed class InvalidSettingsException(IReadOnlyList<string> problems) : Exception(string.Join('\n', problems));
