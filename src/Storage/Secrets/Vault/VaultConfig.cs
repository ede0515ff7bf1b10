using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using PRTS.Api.Secrets;

namespace PRTS.Storage.Secrets.Vault;

/// <summary>Where a HashiCorp Vault is, and how to log in there: with a token, or as an AppRole.</summary>
public sealed record VaultConfig
{
    public required Uri Address { get; init; }
    public string? Namespace { get; init; }

    /// <summary>PEM of the authorities that its certificate may come from; null: the machine's.</summary>
    public string? CaCertificates { get; init; }

    /// <summary>Either this one or <see cref="RoleId"/> and <see cref="SecretId"/>.</summary>
    public SecretText? Token { get; init; }
    public string? RoleId { get; init; }
    public SecretText? SecretId { get; init; }

    /// <summary>Where the AppRole method is mounted.</summary>
    public string AppRoleMount { get; init; } = "approle";

    public override string ToString() => $"Vault at {Address}";
}

/// <summary>
/// Makes the handler that a client's requests go through. Those to servers that users name go through the egress client, which decides what may
/// be reached; whoever makes handlers also sees to <see cref="VaultConfig.CaCertificates"/>.
/// </summary>
public delegate HttpMessageHandler VaultHandlers(VaultConfig config);

public static class VaultHttp
{
    /// <summary>Follows no redirects, which would carry the token elsewhere, and keeps no cookies.</summary>
    public static HttpMessageHandler Handler(VaultConfig config)
    {
        var handler = new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = false, ConnectTimeout = TimeSpan.FromSeconds(5), PooledConnectionLifetime = TimeSpan.FromMinutes(5) };
        if (config.CaCertificates is { } pem)
        {
            var authorities = new X509Certificate2Collection();
            authorities.ImportFromPem(pem);
            handler.SslOptions.CertificateChainPolicy = new() { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
            handler.SslOptions.CertificateChainPolicy.CustomTrustStore.AddRange(authorities);
        }

        return handler;
    }

    /// <summary>Whether these are certificates, at least one.</summary>
    public static bool AreCertificates(string pem)
    {
        var authorities = new X509Certificate2Collection();
        try
        {
            authorities.ImportFromPem(pem);
            return authorities.Count > 0;
        }
        catch (CryptographicException)
        {
            return false;
        }
        finally
        {
            foreach (var authority in authorities) authority.Dispose();
        }
    }
}

/// <summary>A Vault refuses or does not answer. The message is one sentence, without secrets. Status: its answer's; null when there is none.</summary>
public sealed class VaultException(string message, int? status = null, Exception? cause = null) : IOException(message, cause)
{
    public int? Status { get; } = status;
}
