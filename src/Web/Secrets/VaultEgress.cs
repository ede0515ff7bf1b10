using System.Security.Cryptography.X509Certificates;
using PRTS.Egress;
using PRTS.Storage.Secrets.Vault;

namespace PRTS.Web.Secrets;

/// <summary>Requests to Vaults that users name go the way of all requests that are made for users. They follow no redirects, which would carry the token elsewhere.</summary>
internal static class VaultEgress
{
    public static VaultHandlers Handlers(AddressRules rules, TimeProvider time) => config => new EgressHandler(new() { Rules = rules, MostRedirects = 0, MostBytes = 1 << 20, Authorities = Authorities(config) }, time);

    private static X509Certificate2Collection? Authorities(VaultConfig config)
    {
        if (config.CaCertificates is not { } pem) return null;
        var authorities = new X509Certificate2Collection();
        authorities.ImportFromPem(pem);
        return authorities;
    }
}
