using System.Net;
using PRTS.Egress;
using PRTS.Web.Gateway;

namespace PRTS.Silo.Configuration;

/// <summary>Reads how the server meets the network: proxies, origins, rates, and where it may go itself.</summary>
internal static class GatewaySettings
{
    public static GatewayOptions Read(SettingsReader settings, TlsSettings tls)
    {
        var egress = AddressRules.Parse(settings.Text(AddressRules.Setting), out var wrong);
        settings.Problems.AddRange(wrong);
        var rates = new RateSettings();
        return new()
        {
            Tls = tls.IsOn,
            TrustedProxies = [.. settings.List("PRTS_TRUSTED_PROXIES").Select(entry => Network(settings, entry)).OfType<IPNetwork>()],
            Origins = [.. settings.List("PRTS_ORIGINS").Where(entry => IsOrigin(settings, entry))],
            Rates = new()
            {
                User = Rate(settings, "PRTS_RATE_USER", rates.User),
                Agent = Rate(settings, "PRTS_RATE_AGENT", rates.Agent),
                Address = Rate(settings, "PRTS_RATE_ADDRESS", rates.Address),
                SignIn = Rate(settings, "PRTS_RATE_SIGN_IN", rates.SignIn),
            },
            Egress = egress,
        };
    }

    private static IPNetwork? Network(SettingsReader settings, string entry)
    {
        if (IPNetwork.TryParse(entry, out var network)) return network;
        if (IPAddress.TryParse(entry, out var address)) return new IPNetwork(address, address.GetAddressBytes().Length * 8);
        settings.Problems.Add($"PRTS_TRUSTED_PROXIES has '{entry}': it must be an address such as 192.0.2.10 or a network such as 10.0.0.0/8.");
        return null;
    }

    private static bool IsOrigin(SettingsReader settings, string entry)
    {
        if (Uri.TryCreate(entry, UriKind.Absolute, out var url) && url is { Scheme: "http" or "https", AbsolutePath: "/", Query: "" }) return true;
        settings.Problems.Add($"PRTS_ORIGINS has '{entry}': it must be an address without a path, such as https://ci.example.com.");
        return false;
    }

    private static Rate Rate(SettingsReader settings, string name, Rate otherwise)
    {
        if (settings.Text(name) is not { } text) return otherwise;
        if (Web.Gateway.Rate.Parse(text) is { } rate) return rate;
        settings.Problems.Add($"{name} is '{text}': it must be requests/seconds, such as {otherwise.Quota}/{otherwise.Window}.");
        return otherwise;
    }
}
