using System.Security.Cryptography;
using PRTS.Api.Secrets;

namespace PRTS.Storage.Secrets;

/// <summary>A secret for a job. Value: whoever disposes the <see cref="JobSecrets"/> overwrites it.</summary>
public sealed record JobSecret(string Name, SecretText Value, SecretScope Scope, long Version)
{
    /// <summary>Where the value was read; null: it was stored here.</summary>
    public VaultReference? Vault { get; init; }
}

/// <summary>What one job gets, and what not and why. It prints no values, and overwrites them when it is disposed.</summary>
public sealed class JobSecrets(IReadOnlyList<JobSecret> granted, IReadOnlyList<SecretDecision> refused) : IDisposable
{
    /// <summary>By name.</summary>
    public IReadOnlyList<JobSecret> Granted { get; } = granted;

    /// <summary>By name; each has a refusal.</summary>
    public IReadOnlyList<SecretDecision> Refused { get; } = refused;

    /// <summary>Some are only out of reach just now: asking again later may help.</summary>
    public bool MayBeRetried => Refused.Any(decision => decision.Refusal!.Reason == SecretRefusalReason.Unavailable);

    public void Dispose()
    {
        foreach (var secret in Granted) secret.Value.Dispose();
    }
}

/// <summary>Secret: as it is now; null when it was not set. Problem: why not, in a sentence.</summary>
public readonly record struct SetSecretResult(SecretSummary? Secret, string? Problem);
