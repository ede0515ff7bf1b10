using PRTS.Api.Secrets;
using PRTS.Storage.Secrets.Keys;
using PRTS.Storage.Secrets.Vault;

namespace PRTS.Silo.Configuration;

/// <summary>Where the keys are that secrets' data keys are wrapped with.</summary>
internal static class KeySettings
{
    private const string Choice = "PRTS_KEYS";
    private const string FormerOnes = "PRTS_KEYS_FORMER";

    /// <summary>Which settings belong to which provider.</summary>
    private static readonly Dictionary<string, string[]> Names = new(StringComparer.Ordinal)
    {
        [LocalKeyFile.ProviderName] = ["PRTS_KEYS_FILE"],
        [VaultTransit.ProviderName] =
        [
            "PRTS_VAULT_URL", "PRTS_VAULT_NAMESPACE", "PRTS_VAULT_CA", "PRTS_VAULT_TOKEN", "PRTS_VAULT_TOKEN_FILE", "PRTS_VAULT_ROLE_ID", "PRTS_VAULT_SECRET_ID",
            "PRTS_VAULT_SECRET_ID_FILE", "PRTS_VAULT_APPROLE_MOUNT", "PRTS_VAULT_TRANSIT_MOUNT", "PRTS_VAULT_TRANSIT_KEY",
        ],
        [KmsKeys.ProviderName] = ["PRTS_KMS_KEY", "PRTS_KMS_REGION", "PRTS_KMS_URL", "PRTS_KMS_ACCESS_KEY", "PRTS_KMS_SECRET_KEY", "PRTS_KMS_SECRET_KEY_FILE"],
        [Pkcs11Keys.ProviderName] = ["PRTS_PKCS11_LIBRARY", "PRTS_PKCS11_TOKEN", "PRTS_PKCS11_PIN", "PRTS_PKCS11_PIN_FILE", "PRTS_PKCS11_KEY"],
    };

    public static KeysConfig Read(SettingsReader settings, string home)
    {
        var current = settings.Text(Choice) ?? LocalKeyFile.ProviderName;
        var former = (settings.Text(FormerOnes) ?? "").Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        var known = string.Join(", ", Names.Keys);
        if (!Names.ContainsKey(current)) settings.Problems.Add($"{Choice} is '{current}': it must be one of {known}.");
        if (Array.Find(former, name => !Names.ContainsKey(name)) is { } unknown) settings.Problems.Add($"{FormerOnes} has '{unknown}': it must be some of {known}, with commas.");
        if (former.Contains(current, StringComparer.Ordinal)) settings.Problems.Add($"{FormerOnes} has '{current}', which {Choice} is: a provider's former keys need not be named.");
        string[] used = [current, .. former];
        foreach (var (provider, names) in Names.Where(pair => !used.Contains(pair.Key, StringComparer.Ordinal)))
        {
            // Who sets up a key elsewhere and forgets to choose it would believe it in use.
            if (Array.Find(names, name => settings.Text(name) is not null) is { } stray)
                settings.Problems.Add($"{stray} is set, but {Choice} is '{current}': set {Choice} to {provider}, or remove {stray}.");
        }

        return new()
        {
            Current = current,
            Former = former,
            File = Path.GetFullPath(settings.Text("PRTS_KEYS_FILE") ?? Path.Combine(home, "keys", "keys.json")),
            Vault = used.Contains(VaultTransit.ProviderName, StringComparer.Ordinal) ? ReadVault(settings) : null,
            Kms = used.Contains(KmsKeys.ProviderName, StringComparer.Ordinal) ? ReadKms(settings) : null,
            Pkcs11 = used.Contains(Pkcs11Keys.ProviderName, StringComparer.Ordinal) ? ReadPkcs11(settings) : null,
        };
    }

    private static VaultTransitConfig ReadVault(SettingsReader settings)
    {
        var (address, token, role, secret) = (settings.Text("PRTS_VAULT_URL"), settings.Secret("PRTS_VAULT_TOKEN"), settings.Text("PRTS_VAULT_ROLE_ID"), settings.Secret("PRTS_VAULT_SECRET_ID"));
        if (!Uri.TryCreate(address, UriKind.Absolute, out var url) || url.Scheme is not ("http" or "https"))
            settings.Problems.Add(address is null ? "PRTS_VAULT_URL is not set: give the address of Vault." : $"PRTS_VAULT_URL is '{address}': it must be an http or https address.");
        if ((token is null) == (role is null) || (role is null) != (secret is null))
            settings.Problems.Add("Vault needs a login: set PRTS_VAULT_TOKEN, or PRTS_VAULT_ROLE_ID and PRTS_VAULT_SECRET_ID.");
        return new()
        {
            Server = new()
            {
                Address = url ?? new Uri("https://vault.invalid"),
                Namespace = settings.Text("PRTS_VAULT_NAMESPACE"),
                CaCertificates = ReadAuthorities(settings),
                Token = token,
                RoleId = role,
                SecretId = secret,
                AppRoleMount = settings.Text("PRTS_VAULT_APPROLE_MOUNT") ?? "approle",
            },
            Mount = settings.Text("PRTS_VAULT_TRANSIT_MOUNT") ?? "transit",
            Key = settings.Text("PRTS_VAULT_TRANSIT_KEY") ?? "prts",
        };
    }

    private static string? ReadAuthorities(SettingsReader settings)
    {
        if (settings.Text("PRTS_VAULT_CA") is not { } path) return null;
        try
        {
            var pem = File.ReadAllText(path);
            if (VaultHttp.AreCertificates(pem)) return pem;
            settings.Problems.Add($"PRTS_VAULT_CA is '{path}', which has no certificates in PEM.");
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            settings.Problems.Add($"PRTS_VAULT_CA is '{path}', which cannot be read: {failure.Message}");
        }

        return null;
    }

    private static KmsConfig ReadKms(SettingsReader settings)
    {
        var config = new KmsConfig
        {
            Key = settings.Text("PRTS_KMS_KEY") ?? "",
            Region = settings.Text("PRTS_KMS_REGION"),
            ServiceUrl = settings.Text("PRTS_KMS_URL"),
            AccessKey = settings.Text("PRTS_KMS_ACCESS_KEY"),
            SecretKey = settings.Secret("PRTS_KMS_SECRET_KEY"),
        };
        if (config.Key.Length == 0) settings.Problems.Add("PRTS_KMS_KEY is not set: give the id, ARN or alias of a symmetric key.");
        if (config.ServiceUrl is { } address && (!Uri.TryCreate(address, UriKind.Absolute, out var url) || url.Scheme is not ("http" or "https")))
            settings.Problems.Add($"PRTS_KMS_URL is '{address}': it must be an http or https address, or be left out for Amazon's own.");
        if (config.AccessKey is null != config.SecretKey is null)
            settings.Problems.Add("PRTS_KMS_ACCESS_KEY and PRTS_KMS_SECRET_KEY go together: set both, or neither to use the machine's own credentials.");
        return config;
    }

    private static Pkcs11Config ReadPkcs11(SettingsReader settings)
    {
        var (library, token, pin) = (settings.Text("PRTS_PKCS11_LIBRARY"), settings.Text("PRTS_PKCS11_TOKEN"), settings.Secret("PRTS_PKCS11_PIN"));
        if (library is null) settings.Problems.Add("PRTS_PKCS11_LIBRARY is not set: give the path of the token's PKCS#11 module.");
        if (token is null) settings.Problems.Add("PRTS_PKCS11_TOKEN is not set: give the token's label.");
        if (pin is null) settings.Problems.Add("PRTS_PKCS11_PIN is not set: give the user's PIN of the token, or PRTS_PKCS11_PIN_FILE.");
        return new() { Library = library ?? "", Token = token ?? "", Pin = pin ?? SecretText.Of(""), Key = settings.Text("PRTS_PKCS11_KEY") ?? "prts" };
    }
}
