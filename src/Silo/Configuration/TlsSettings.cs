namespace PRTS.Silo.Configuration;

/// <summary>Whether and with which certificate this server ends TLS itself.</summary>
public sealed record TlsSettings
{
    /// <summary>A certificate of our own authority, made and kept under the data directory.</summary>
    public bool IsOwn { get; private init; }

    /// <summary>PEM: the certificate, and behind it those between it and its authority. Null: none was given.</summary>
    public string? CertificateFile { get; private init; }

    /// <summary>PEM, not encrypted.</summary>
    public string? KeyFile { get; private init; }

    /// <summary>Names and addresses for the own certificate, besides those that are known.</summary>
    public IReadOnlyList<string> Hosts { get; private init; } = [];

    /// <summary>TLS 1.2 is spoken too, for clients that have nothing newer.</summary>
    public bool AllowsTls12 { get; private init; }

    public bool IsOn => IsOwn || CertificateFile is not null;

    internal static TlsSettings Read(SettingsReader settings)
    {
        var (choice, certificate, key) = (settings.Text("PRTS_TLS"), settings.Text("PRTS_TLS_CERT"), settings.Text("PRTS_TLS_KEY"));
        if (choice is not (null or "off" or "self")) settings.Problems.Add($"PRTS_TLS is '{choice}': it must be self or off; for a certificate of yours set PRTS_TLS_CERT and PRTS_TLS_KEY.");
        if (certificate is null != key is null) settings.Problems.Add("PRTS_TLS_CERT and PRTS_TLS_KEY go together: set both, or neither.");
        if (choice == "self" && certificate is not null) settings.Problems.Add("PRTS_TLS is self, but PRTS_TLS_CERT is set: remove one of them.");
        var least = settings.Text("PRTS_TLS_MIN") ?? "1.3";
        if (least is not ("1.2" or "1.3")) settings.Problems.Add($"PRTS_TLS_MIN is '{least}': it must be 1.3 or 1.2.");
        var hosts = settings.List("PRTS_TLS_HOSTS");
        foreach (var host in hosts.Where(host => Uri.CheckHostName(host) == UriHostNameType.Unknown))
            settings.Problems.Add($"PRTS_TLS_HOSTS has '{host}': it must be a host name or an address.");
        return new()
        {
            IsOwn = choice == "self",
            CertificateFile = choice == "off" || key is null ? null : certificate,
            KeyFile = key,
            Hosts = hosts,
            AllowsTls12 = least == "1.2",
        };
    }
}
