using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using PRTS.Silo.Configuration;
using PRTS.Silo.Gateway;

namespace PRTS.Silo.Tests.Gateway;

public sealed class CertificatesTests : IDisposable
{
    private readonly string directory = Directory.CreateTempSubdirectory("prts-tls-").FullName;
    private readonly TestTime time = new();

    private string CertificateFile => Path.Combine(directory, "given.pem");
    private string KeyFile => Path.Combine(directory, "given.key");

    public void Dispose() => Directory.Delete(directory, recursive: true);

    [Fact]
    public void Given_FilesThatChange_AreUsedAndBadOnesAreNot()
    {
        var reports = new List<string>();
        var first = Give("one.example.com");
        var certificates = new Certificates(Given(), time) { Report = (what, _) => reports.Add(what) };
        Assert.Equal(first, certificates.Context.TargetCertificate.Thumbprint);
        // With a public certificate nobody needs ours.
        Assert.Null(certificates.Trust);
        Assert.Null(certificates.Pin);

        var second = Give("two.example.com");
        // Looked at once a second, not for each connection.
        Assert.Equal(first, certificates.Context.TargetCertificate.Thumbprint);
        time.Advance(TimeSpan.FromSeconds(2));
        Assert.Equal(second, certificates.Context.TargetCertificate.Thumbprint);
        Assert.Contains("is in use from now on", Assert.Single(reports), StringComparison.Ordinal);

        File.WriteAllText(CertificateFile, "half of a certif");
        for (var i = 0; i < 3; i++)
        {
            time.Advance(TimeSpan.FromSeconds(2));
            Assert.Equal(second, certificates.Context.TargetCertificate.Thumbprint);
        }

        Assert.Contains("the one before stays in use", Assert.Single(reports.Skip(1)), StringComparison.Ordinal);
        var third = Give("three.example.com");
        time.Advance(TimeSpan.FromSeconds(2));
        Assert.Equal(third, certificates.Context.TargetCertificate.Thumbprint);
        // Programs on this machine trust exactly it.
        using var trusted = X509CertificateLoader.LoadCertificateFromFile(Path.Combine(directory, "tls", "trust.pem"));
        Assert.Equal(third, trusted.Thumbprint);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Given_UnusableAtTheStart_StopsItWithAWord(bool isThere)
    {
        if (isThere)
        {
            Give("one.example.com");
            using var other = ECDsa.Create(ECCurve.NamedCurves.nistP256);
            File.WriteAllText(KeyFile, other.ExportPkcs8PrivateKeyPem());
        }

        var problem = Assert.Throws<InvalidSettingsException>(() => new Certificates(Given(), time));
        Assert.StartsWith($"The certificate {CertificateFile} with the key {KeyFile} cannot be used: ", problem.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Own_NamesThatChange_KeepAuthorityAndKey()
    {
        var before = new Certificates(Own(("PRTS_TLS_HOSTS", "a.example.com")), time);
        var again = new Certificates(Own(("PRTS_TLS_HOSTS", "a.example.com")), time);
        var after = new Certificates(Own(("PRTS_TLS_HOSTS", "b.example.com,10.1.2.3"), ("PRTS_PUBLIC_URL", "https://ci.example.com")), time);
        Assert.Equal(before.Context.TargetCertificate.Thumbprint, again.Context.TargetCertificate.Thumbprint);
        Assert.NotEqual(before.Context.TargetCertificate.Thumbprint, after.Context.TargetCertificate.Thumbprint);
        Assert.Equal((before.Pin, before.Trust), (after.Pin, after.Trust));
        var names = after.Context.TargetCertificate.Extensions.OfType<X509SubjectAlternativeNameExtension>().Single();
        Assert.Superset(new HashSet<string> { "localhost", "b.example.com", "ci.example.com" }, names.EnumerateDnsNames().ToHashSet());
        Assert.Superset(new HashSet<IPAddress> { IPAddress.Loopback, IPAddress.IPv6Loopback, IPAddress.Parse("10.1.2.3") }, names.EnumerateIPAddresses().ToHashSet());
        Assert.DoesNotContain("a.example.com", names.EnumerateDnsNames());
    }

    [Fact]
    public void Own_NearItsEnd_IsReplacedWhileTheServerRuns()
    {
        var certificates = new Certificates(Own(), time);
        var before = certificates.Context.TargetCertificate.Thumbprint;
        time.Advance(TimeSpan.FromDays(300));
        Assert.Equal(before, certificates.Context.TargetCertificate.Thumbprint);
        time.Advance(TimeSpan.FromDays(80));
        Assert.NotEqual(before, certificates.Context.TargetCertificate.Thumbprint);
        Assert.True(certificates.Context.TargetCertificate.NotAfter > time.GetUtcNow().AddDays(390).LocalDateTime);
    }

    [Fact]
    public void Own_Keys_AreForNobodyElse()
    {
        _ = new Certificates(Own(), time);
        if (OperatingSystem.IsWindows()) return;
        foreach (var key in new[] { "authority.key", "server.key" })
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(Path.Combine(directory, "tls", key)));
    }

    /// <summary>A certificate that signed itself; returns its thumbprint.</summary>
    private string Give(string host)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN={host}", key, HashAlgorithmName.SHA256);
        using var certificate = request.CreateSelfSigned(time.GetUtcNow().AddDays(-1), time.GetUtcNow().AddDays(30));
        File.WriteAllText(KeyFile, key.ExportPkcs8PrivateKeyPem());
        File.WriteAllText(CertificateFile, certificate.ExportCertificatePem());
        return certificate.Thumbprint;
    }

    private ServerOptions Given() => Options(("PRTS_TLS_CERT", CertificateFile), ("PRTS_TLS_KEY", KeyFile));

    private ServerOptions Own(params (string Name, string Value)[] settings) => Options([("PRTS_TLS", "self"), .. settings]);

    private ServerOptions Options(params (string Name, string Value)[] settings)
    {
        var values = settings.Append(("PRTS_HOME", directory)).Append(("PRTS_DATABASE", "Host=db")).ToDictionary(setting => setting.Item1, setting => setting.Item2, StringComparer.Ordinal);
        return ServerOptions.Read(values.GetValueOrDefault);
    }

    private sealed class TestTime : TimeProvider
    {
        private DateTimeOffset now = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public override DateTimeOffset GetUtcNow() => now;

        public override long GetTimestamp() => now.Ticks;

        public void Advance(TimeSpan by) => now += by;
    }
}
