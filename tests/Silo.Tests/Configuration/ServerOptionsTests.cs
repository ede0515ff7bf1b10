using PRTS.Silo.Configuration;

namespace PRTS.Silo.Tests.Configuration;

public sealed class ServerOptionsTests
{
    private const string Azure = "DefaultEndpointsProtocol=https;AccountName=a;AccountKey=c2VjcmV0;EndpointSuffix=core.windows.net";

    [Theory]
    [InlineData("PRTS_BLOBS=azur", "PRTS_BLOBS is 'azur': it must be files, azure or s3.")]
    [InlineData("PRTS_BLOBS=azure", "PRTS_AZURE_CONNECTION is not set: give the connection string of the storage account.")]
    [InlineData("PRTS_BLOBS=azure|PRTS_AZURE_CONNECTION=secret", "PRTS_AZURE_CONNECTION is no connection string of a storage account: Settings must be of the form \"name=value\".")]
    [InlineData("PRTS_BLOBS=azure|PRTS_AZURE_CONNECTION=" + Azure + "|PRTS_AZURE_CONTAINER=My_Files", "PRTS_AZURE_CONTAINER is 'My_Files': it must be a container's name, 3–63 of a-z 0-9 and single hyphens between them.")]
    [InlineData("PRTS_BLOBS=s3", "PRTS_S3_BUCKET is not set: give the name of a bucket that exists.")]
    [InlineData("PRTS_BLOBS=s3|PRTS_S3_BUCKET=A/b", "PRTS_S3_BUCKET is 'A/b': it must be a bucket's name, 3–63 of a-z 0-9 . and -.")]
    [InlineData("PRTS_BLOBS=s3|PRTS_S3_BUCKET=prts|PRTS_S3_URL=minio:9000", "PRTS_S3_URL is 'minio:9000': it must be an http or https address, or be left out for Amazon's own.")]
    [InlineData("PRTS_BLOBS=s3|PRTS_S3_BUCKET=prts|PRTS_S3_ACCESS_KEY=k", "PRTS_S3_ACCESS_KEY and PRTS_S3_SECRET_KEY go together: set both, or neither to use the machine's own credentials.")]
    [InlineData("PRTS_S3_BUCKET=prts", "PRTS_S3_BUCKET is set, but PRTS_BLOBS is 'files': set PRTS_BLOBS to s3, or remove PRTS_S3_BUCKET.")]
    [InlineData("PRTS_BLOBS=s3|PRTS_S3_BUCKET=prts|PRTS_AZURE_CONTAINER=x", "PRTS_AZURE_CONTAINER is set, but PRTS_BLOBS is 's3': set PRTS_BLOBS to azure, or remove PRTS_AZURE_CONTAINER.")]
    [InlineData("PRTS_KEYS=hsm", "PRTS_KEYS is 'hsm': it must be one of file, vault, kms, pkcs11.")]
    [InlineData("PRTS_KEYS_FORMER=kms2", "PRTS_KEYS_FORMER has 'kms2': it must be some of file, vault, kms, pkcs11, with commas.")]
    [InlineData("PRTS_KEYS_FORMER=file", "PRTS_KEYS_FORMER has 'file', which PRTS_KEYS is: a provider's former keys need not be named.")]
    [InlineData("PRTS_KMS_KEY=k", "PRTS_KMS_KEY is set, but PRTS_KEYS is 'file': set PRTS_KEYS to kms, or remove PRTS_KMS_KEY.")]
    [InlineData("PRTS_KEYS=kms", "PRTS_KMS_KEY is not set: give the id, ARN or alias of a symmetric key.")]
    [InlineData("PRTS_KEYS=kms|PRTS_KMS_KEY=k|PRTS_KMS_SECRET_KEY=s", "PRTS_KMS_ACCESS_KEY and PRTS_KMS_SECRET_KEY go together: set both, or neither to use the machine's own credentials.")]
    [InlineData("PRTS_KEYS=vault|PRTS_VAULT_TOKEN=t", "PRTS_VAULT_URL is not set: give the address of Vault.")]
    [InlineData("PRTS_KEYS=vault|PRTS_VAULT_URL=http://v", "Vault needs a login: set PRTS_VAULT_TOKEN, or PRTS_VAULT_ROLE_ID and PRTS_VAULT_SECRET_ID.")]
    [InlineData("PRTS_KEYS=vault|PRTS_VAULT_URL=http://v|PRTS_VAULT_ROLE_ID=r", "Vault needs a login: set PRTS_VAULT_TOKEN, or PRTS_VAULT_ROLE_ID and PRTS_VAULT_SECRET_ID.")]
    [InlineData("PRTS_KEYS=pkcs11|PRTS_PKCS11_LIBRARY=l|PRTS_PKCS11_TOKEN=t", "PRTS_PKCS11_PIN is not set: give the user's PIN of the token, or PRTS_PKCS11_PIN_FILE.")]
    [InlineData("PRTS_PORT=0", "PRTS_PORT is '0': it must be a port number from 1 to 65535.")]
    [InlineData("PRTS_TENANT_AGENTS=yes", "PRTS_TENANT_AGENTS is 'yes': it must be 1 for on or 0 for off.")]
    [InlineData("PRTS_LISTEN=localhost", "PRTS_LISTEN is 'localhost': it must be an IP address such as 192.0.2.10.")]
    [InlineData("PRTS_TLS=on", "PRTS_TLS is 'on': it must be self or off; for a certificate of yours set PRTS_TLS_CERT and PRTS_TLS_KEY.")]
    [InlineData("PRTS_TLS_CERT=a.pem", "PRTS_TLS_CERT and PRTS_TLS_KEY go together: set both, or neither.")]
    [InlineData("PRTS_TLS=self|PRTS_TLS_CERT=a.pem|PRTS_TLS_KEY=a.key", "PRTS_TLS is self, but PRTS_TLS_CERT is set: remove one of them.")]
    [InlineData("PRTS_TLS=self|PRTS_TLS_MIN=1.1", "PRTS_TLS_MIN is '1.1': it must be 1.3 or 1.2.")]
    [InlineData("PRTS_TLS=self|PRTS_TLS_HOSTS=a b", "PRTS_TLS_HOSTS has 'a b': it must be a host name or an address.")]
    [InlineData("PRTS_TLS=self|PRTS_PUBLIC_URL=http://ci.example.com", "PRTS_PUBLIC_URL is 'http://ci.example.com', but TLS is on: it must be an https address.")]
    [InlineData("PRTS_TRUSTED_PROXIES=10.0.0.0/8,proxy", "PRTS_TRUSTED_PROXIES has 'proxy': it must be an address such as 192.0.2.10 or a network such as 10.0.0.0/8.")]
    [InlineData("PRTS_ORIGINS=https://ci.example.com/x", "PRTS_ORIGINS has 'https://ci.example.com/x': it must be an address without a path, such as https://ci.example.com.")]
    [InlineData("PRTS_RATE_USER=fast", "PRTS_RATE_USER is 'fast': it must be requests/seconds, such as 6000/6.")]
    [InlineData("PRTS_EGRESS_ALLOW=10.0.0.0/33", "PRTS_EGRESS_ALLOW has '10.0.0.0/33': it must be a network such as 10.0.0.0/8, an address or a host name, with or without :port.")]
    public void Read_WrongSetting_OneLineSaysWhatWouldBeRight(string settings, string problem) =>
        Assert.Equal(problem, Assert.Throws<InvalidSettingsException>(() => Read(settings)).Message);

    [Fact]
    public void Read_SeveralWrong_AllAreTold() => Assert.Equal(
        3, Assert.Throws<InvalidSettingsException>(() => Read("PRTS_PORT=x|PRTS_BLOBS=x|PRTS_PUBLIC_URL=x")).Message.Split('\n').Length);

    [Fact]
    public void Read_NothingAboutBlobs_Files()
    {
        var options = Read("PRTS_AZURE_CONNECTION=");
        Assert.Null(options.Blobs.Azure);
        Assert.Null(options.Blobs.S3);
    }

    [Fact]
    public void Read_Stores_AreAsSet()
    {
        var azure = Read($"PRTS_BLOBS=azure|PRTS_AZURE_CONNECTION={Azure}");
        Assert.Equal(new(Azure, "prts"), azure.Blobs.Azure);
        var s3 = Read("PRTS_BLOBS=s3|PRTS_S3_BUCKET=b-1|PRTS_S3_URL=http://minio:9000|PRTS_S3_REGION=eu-west-1|PRTS_S3_ACCESS_KEY=k|PRTS_S3_SECRET_KEY=s").Blobs.S3;
        Assert.Equal(new() { Bucket = "b-1", ServiceUrl = "http://minio:9000", Region = "eu-west-1", AccessKey = "k", SecretKey = "s" }, s3);
    }

    [Theory]
    [InlineData("PRTS_PORT=5443", "http://127.0.0.1:5443", false)]
    [InlineData("PRTS_PORT=5443|PRTS_TLS=self", "https://127.0.0.1:5443", true)]
    [InlineData("PRTS_TLS_CERT=a.pem|PRTS_TLS_KEY=a.key", "https://127.0.0.1:5080", true)]
    [InlineData("PRTS_TLS=off|PRTS_TLS_CERT=a.pem|PRTS_TLS_KEY=a.key", "http://127.0.0.1:5080", false)]
    public void Read_Tls_ThePublicAddressFollows(string settings, string url, bool isOn)
    {
        var options = Read(settings);
        Assert.Equal((url, isOn, isOn), (options.PublicUrl, options.Tls.IsOn, options.Gateway.Tls));
    }

    [Fact]
    public void Settings_Printed_ShowNoKeys()
    {
        var options = Read($"PRTS_BLOBS=azure|PRTS_AZURE_CONNECTION={Azure}");
        Assert.DoesNotContain("c2VjcmV0", options.ToString(), StringComparison.Ordinal);
        var keys = Read("PRTS_KEYS=vault|PRTS_VAULT_URL=http://v|PRTS_VAULT_TOKEN=hvs.s3cret|PRTS_KEYS_FORMER=kms|PRTS_KMS_KEY=k|PRTS_KMS_ACCESS_KEY=a|PRTS_KMS_SECRET_KEY=s3cret");
        Assert.DoesNotContain("s3cret", keys.ToString(), StringComparison.Ordinal);
        Assert.Equal("hvs.s3cret", keys.Keys.Vault!.Server.Token!.Reveal());
    }

    [Fact]
    public void Read_SecretInAFile_IsWithoutTheLinesEnd()
    {
        var file = Path.GetTempFileName();
        File.WriteAllText(file, "s3cret\n");
        Assert.Equal("s3cret", Read($"PRTS_KEYS=pkcs11|PRTS_PKCS11_LIBRARY=l|PRTS_PKCS11_TOKEN=t|PRTS_PKCS11_PIN_FILE={file}").Keys.Pkcs11!.Pin.Reveal());
        Assert.Contains("are both set", Assert.Throws<InvalidSettingsException>(() => Read($"PRTS_KEYS=pkcs11|PRTS_PKCS11_LIBRARY=l|PRTS_PKCS11_TOKEN=t|PRTS_PKCS11_PIN=x|PRTS_PKCS11_PIN_FILE={file}")).Message, StringComparison.Ordinal);
        File.Delete(file);
        Assert.Contains("cannot be read", Assert.Throws<InvalidSettingsException>(() => Read($"PRTS_KEYS=pkcs11|PRTS_PKCS11_LIBRARY=l|PRTS_PKCS11_TOKEN=t|PRTS_PKCS11_PIN_FILE={file}")).Message, StringComparison.Ordinal);
    }

    private static ServerOptions Read(string settings)
    {
        var values = settings.Split('|').Select(setting => setting.Split('=', 2)).ToDictionary(pair => pair[0], pair => pair[1], StringComparer.Ordinal);
        values.TryAdd("PRTS_DATABASE", "Host=db");
        return ServerOptions.Read(values.GetValueOrDefault);
    }
}
