using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using PRTS.Shared;
using PRTS.Tests;

namespace PRTS.Browser.Tests;

/// <summary>OpenLDAP's slapd with a few people, over TLS alone.</summary>
internal sealed class Slapd : IAsyncDisposable
{
    public const string SearchDn = "cn=search,dc=example,dc=com";
    public const string SearchPassword = "look-for-people";
    public const string Password = "correct horse battery";
    private readonly string folder = Directory.CreateTempSubdirectory("prts-slapd-").FullName;
    private ServerProcess? server;

    /// <summary>The certificate by which the directory is trusted, PEM.</summary>
    public string Certificate => Path.Combine(folder, "slapd.crt");

    public string Address => $"ldaps://127.0.0.1:{server!.Port}";

    public async Task Start()
    {
        const string Program = "/usr/sbin/slapd";
        if (!File.Exists(Program)) throw new InvalidOperationException($"{Program} is not there: apt-get install slapd.");
        WriteCertificate();
        var data = Directory.CreateDirectory(Path.Combine(folder, "data")).FullName;
        var configuration = Path.Combine(folder, "slapd.conf");
        await File.WriteAllTextAsync(configuration,
            $"""
            include /etc/ldap/schema/core.schema
            include /etc/ldap/schema/cosine.schema
            include /etc/ldap/schema/inetorgperson.schema
            modulepath /usr/lib/ldap
            moduleload back_mdb
            TLSCertificateFile {Certificate}
            TLSCertificateKeyFile {Path.Combine(folder, "slapd.key")}
            database mdb
            suffix "dc=example,dc=com"
            directory {data}
            access to attrs=userPassword by anonymous auth by * none
            access to * by dn.exact="{SearchDn}" read by * none

            """);
        var people = Path.Combine(folder, "people.ldif");
        await File.WriteAllTextAsync(people, People);
        await Commands.Run("/usr/sbin/slapadd", ["-f", configuration, "-l", people]);
        server = await ServerProcess.Start((port, _) => [Program, "-f", configuration, "-h", $"ldaps://127.0.0.1:{port}/", "-d", "0"]);
    }

    public async ValueTask DisposeAsync()
    {
        if (server is not null) await server.DisposeAsync();
        Directory.Delete(folder, recursive: true);
    }

    private void WriteCertificate()
    {
        using var key = RSA.Create(2048);
        var request = new CertificateRequest("CN=slapd of a test", key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        var names = new SubjectAlternativeNameBuilder();
        names.AddIpAddress(IPAddress.Loopback);
        request.CertificateExtensions.Add(names.Build());
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(certificateAuthority: true, hasPathLengthConstraint: false, pathLengthConstraint: 0, critical: true));
        var now = TimeProvider.System.GetUtcNow();
        using var certificate = request.CreateSelfSigned(now.AddHours(-1), now.AddDays(1));
        File.WriteAllText(Certificate, certificate.ExportCertificatePem());
        File.WriteAllText(Path.Combine(folder, "slapd.key"), key.ExportPkcs8PrivateKeyPem());
    }

    private static string People =>
        $"""
        dn: dc=example,dc=com
        objectClass: dcObject
        objectClass: organization
        o: Example
        dc: example

        dn: {SearchDn}
        objectClass: organizationalRole
        objectClass: simpleSecurityObject
        cn: search
        userPassword: {SearchPassword}

        dn: ou=people,dc=example,dc=com
        objectClass: organizationalUnit
        ou: people

        dn: uid=barbara,ou=people,dc=example,dc=com
        objectClass: inetOrgPerson
        uid: barbara
        cn: Barbara Liskov
        sn: Liskov
        displayName: Barbara Liskov
        mail: barbara@example.com
        userPassword: {Password}

        dn: uid=ken,ou=people,dc=example,dc=com
        objectClass: inetOrgPerson
        uid: ken
        cn: Ken Thompson
        sn: Thompson
        userPassword: {Password}

        dn: ou=groups,dc=example,dc=com
        objectClass: organizationalUnit
        ou: groups

        dn: cn=builders,ou=groups,dc=example,dc=com
        objectClass: groupOfNames
        cn: builders
        member: uid=barbara,ou=people,dc=example,dc=com

        """;
}
