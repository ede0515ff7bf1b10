using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace PRTS.Execution.Connection;

/// <summary>
/// How our programs know the control plane over TLS: by the machine's authorities, and by a file of certificates, which is
/// <c>PRTS_CA</c> or <c>tls/trust.pem</c> in the data directory. What is in the file is an authority, or the server's very certificate, which
/// then is right whatever name it has. The file is read when it is needed, so a new one counts at once.
/// </summary>
public static class ServerTrust
{
    public const string Setting = "PRTS_CA";

    /// <param name="home">The data directory; <c>PRTS_HOME</c> when it is null.</param>
    public static SocketsHttpHandler Handler(string? home = null)
    {
        var file = FileOf(home);
        return new SocketsHttpHandler
        {
            ConnectTimeout = TimeSpan.FromSeconds(5),
            SslOptions = new SslClientAuthenticationOptions
            {
                RemoteCertificateValidationCallback = (_, certificate, chain, errors) =>
                    errors == SslPolicyErrors.None || (file is not null && certificate is X509Certificate2 shown && IsTrusted(file, shown, chain, errors)),
            },
        };
    }

    /// <summary>Null: there is none to look for.</summary>
    public static string? FileOf(string? home)
    {
        home ??= Environment.GetEnvironmentVariable("PRTS_HOME");
        return Environment.GetEnvironmentVariable(Setting) is { Length: > 0 } given ? given : string.IsNullOrEmpty(home) ? null : Path.Combine(home, "tls", "trust.pem");
    }

    private static bool IsTrusted(string file, X509Certificate2 shown, X509Chain? chain, SslPolicyErrors errors)
    {
        var trusted = Read(file);
        if (trusted.Any(certificate => certificate.RawDataMemory.Span.SequenceEqual(shown.RawDataMemory.Span))) return true;
        if (errors != SslPolicyErrors.RemoteCertificateChainErrors) return false;
        using var own = new X509Chain();
        own.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        own.ChainPolicy.CustomTrustStore.AddRange(trusted);
        own.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        own.ChainPolicy.ApplicationPolicy.Add(new Oid("1.3.6.1.5.5.7.3.1"));
        foreach (var element in chain?.ChainElements ?? Enumerable.Empty<X509ChainElement>()) own.ChainPolicy.ExtraStore.Add(element.Certificate);
        return own.Build(shown);
    }

    private static X509Certificate2Collection Read(string file)
    {
        var certificates = new X509Certificate2Collection();
        try
        {
            if (File.Exists(file)) certificates.ImportFromPemFile(file);
        }
        catch (CryptographicException unreadable)
        {
            throw new InvalidDataException($"{file} ({Setting}) is no file of certificates in PEM: {unreadable.Message}", unreadable);
        }

        return certificates;
    }
}
