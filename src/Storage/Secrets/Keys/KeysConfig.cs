using PRTS.Api.Secrets;
using PRTS.Storage.Secrets.Vault;

namespace PRTS.Storage.Secrets.Keys;

/// <summary>Where the keys are that wrap data keys: one provider for new ones, and those whose data keys are still being re-wrapped.</summary>
public sealed record KeysConfig
{
    /// <summary>A provider's name.</summary>
    public string Current { get; init; } = LocalKeyFile.ProviderName;
    public IReadOnlyList<string> Former { get; init; } = [];

    /// <summary>Path of the local key file.</summary>
    public required string File { get; init; }
    public VaultTransitConfig? Vault { get; init; }
    public KmsConfig? Kms { get; init; }
    public Pkcs11Config? Pkcs11 { get; init; }
}

public sealed record VaultTransitConfig
{
    public required VaultConfig Server { get; init; }
    public string Mount { get; init; } = "transit";
    public required string Key { get; init; }
}

/// <summary>Key: an id, ARN or alias. ServiceUrl: of a server other than Amazon's. Without an access key the machine's own credentials are used.</summary>
public sealed record KmsConfig
{
    public required string Key { get; init; }
    public string? Region { get; init; }
    public string? ServiceUrl { get; init; }
    public string? AccessKey { get; init; }
    public SecretText? SecretKey { get; init; }
}

/// <summary>Library: path of the module. Token and Key: labels.</summary>
public sealed record Pkcs11Config
{
    public required string Library { get; init; }
    public required string Token { get; init; }
    public required SecretText Pin { get; init; }
    public required string Key { get; init; }
}
