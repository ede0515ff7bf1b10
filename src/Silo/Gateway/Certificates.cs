using System.Net;
using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using PRTS.Silo.Configuration;

namespace PRTS.Silo.Gateway;

/// <summary>
/// The certificate that TLS shows. Its files are looked at when a client connects, at most once a second; a new one is used from then on,
/// and one that cannot be read leaves the old one in use.
/// </summary>
public sealed class Certificates
{
    private const string Folder = "tls";
    private readonly ServerOptions options;
    private readonly TimeProvider time;
    private readonly string directory;
    private readonly Lock gate = new();
    private Loaded current;
    private Stamp refused;
    private long lookedAt;

    /// <exception cref="InvalidSettingsException">There is no usable certificate.</exception>
    public Certificates(ServerOptions options, TimeProvider time)
    {
        (this.options, this.time) = (options, time);
        directory = Path.Combine(options.Home, Folder);
        try
        {
            current = Load();
        }
        catch (Exception unusable) when (IsUnusable(unusable))
        {
            throw new InvalidSettingsException([$"The certificate {CertificateFile} with the key {KeyFile} cannot be used: {unusable.Message}"]);
        }
    }

    private readonly record struct Stamp(DateTime Certificate, long CertificateLength, DateTime Key, long KeyLength);

    private sealed record Loaded(SslStreamCertificateContext Context, string Pin, string Trust, Stamp Stamp);

    /// <summary>Told of a certificate that has come, or that cannot be used.</summary>
    public Action<string, Exception?> Report { get; set; } = static (_, _) => { };

    /// <summary>Of the certificate's key, as curl's <c>--pinnedpubkey</c> wants it; null when a public authority vouches for it.</summary>
    public string? Pin => options.Tls.IsOwn ? Current().Pin : null;

    /// <summary>What clients must trust, in PEM; null when a public authority vouches for it.</summary>
    public string? Trust => options.Tls.IsOwn ? Current().Trust : null;

    /// <summary>For a new connection.</summary>
    public SslStreamCertificateContext Context => Current().Context;

    private string CertificateFile => options.Tls.CertificateFile ?? OwnCertificate.CertificateFile(directory);

    private string KeyFile => options.Tls.KeyFile ?? OwnCertificate.KeyFile(directory);

    private Loaded Current()
    {
        lock (gate)
        {
            if (time.GetElapsedTime(lookedAt) < TimeSpan.FromSeconds(1)) return current;
            lookedAt = time.GetTimestamp();
            try
            {
                // Those that lapse while the server runs are replaced by this, too.
                if (options.Tls.IsOwn) OwnCertificate.Ensure(directory, Hosts(), time.GetUtcNow());
                var stamp = StampNow();
                if (stamp == current.Stamp || stamp == refused) return current;
                refused = stamp;
                current = Load();
                Report($"The certificate {CertificateFile} is in use from now on; it is good until {current.Context.TargetCertificate.NotAfter:u}.", null);
            }
            catch (Exception unusable) when (IsUnusable(unusable))
            {
                Report($"The certificate {CertificateFile} with the key {KeyFile} cannot be used; the one before stays in use.", unusable);
            }

            return current;
        }
    }

    private Loaded Load()
    {
        if (options.Tls.IsOwn) OwnCertificate.Ensure(directory, Hosts(), time.GetUtcNow());
        lookedAt = time.GetTimestamp();
        // Before the files are read: what changes meanwhile is seen the next time.
        var stamp = StampNow();
        using var pem = X509Certificate2.CreateFromPemFile(CertificateFile, KeyFile);
        var certificate = X509CertificateLoader.LoadPkcs12(pem.Export(X509ContentType.Pkcs12), password: null);
        var between = new X509Certificate2Collection();
        between.ImportFromPemFile(CertificateFile);
        foreach (var itself in between.Where(other => other.Thumbprint == certificate.Thumbprint).ToList()) between.Remove(itself);
        var pin = "sha256//" + Convert.ToBase64String(SHA256.HashData(certificate.PublicKey.ExportSubjectPublicKeyInfo()));
        var trust = options.Tls.IsOwn ? File.ReadAllText(OwnCertificate.AuthorityFile(directory)) : certificate.ExportCertificatePem() + "\n";
        KeepForThisMachine(trust);
        return new(SslStreamCertificateContext.Create(certificate, between, offline: true), pin, trust, stamp);
    }

    /// <summary>Programs on this machine reach the server at addresses that a given certificate need not have: they trust exactly what lies here.</summary>
    private void KeepForThisMachine(string trust)
    {
        Directory.CreateDirectory(directory);
        var path = Path.Combine(directory, "trust.pem");
        if (File.Exists(path) && File.ReadAllText(path) == trust) return;
        File.WriteAllText(path + ".new", trust);
        File.Move(path + ".new", path, overwrite: true);
    }

    /// <summary>What this server is called, as far as it knows.</summary>
    private string[] Hosts()
    {
        var known = new[] { "localhost", "127.0.0.1", "::1", Environment.MachineName.ToLowerInvariant(), new Uri(options.PublicUrl).DnsSafeHost, options.Listen.ToString(), options.Advertise.ToString() };
        return [.. known.Concat(options.Tls.Hosts).Where(host => Uri.CheckHostName(host) != UriHostNameType.Unknown && host != "0.0.0.0" && host != "::").Distinct(StringComparer.OrdinalIgnoreCase)];
    }

    private Stamp StampNow()
    {
        var (certificate, key) = (new FileInfo(CertificateFile), new FileInfo(KeyFile));
        return new(certificate.LastWriteTimeUtc, certificate.Exists ? certificate.Length : 0, key.LastWriteTimeUtc, key.Exists ? key.Length : 0);
    }

    private static bool IsUnusable(Exception problem) => problem is CryptographicException or IOException or UnauthorizedAccessException or ArgumentException;
}

internal static partial class CertificatesLog
{
    public static void LogCertificate(this ILogger<Certificates> log, string what, Exception? problem)
    {
        if (problem is null) InUse(log, what);
        else Unusable(log, what, problem);
    }

    [LoggerMessage(LogLevel.Information, "{What}")]
    private static partial void InUse(ILogger log, string what);

    [LoggerMessage(LogLevel.Warning, "{What}")]
    private static partial void Unusable(ILogger log, string what, Exception problem);
}
