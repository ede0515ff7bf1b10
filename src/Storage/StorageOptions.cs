using PRTS.Storage.Blobs;
using PRTS.Storage.Caches;
using PRTS.Storage.Secrets.Keys;

namespace PRTS.Storage;

public sealed record StorageOptions
{
    /// <summary>Npgsql's connection string.</summary>
    public required string ConnectionString { get; init; }

    /// <summary>Where the bare repositories lie.</summary>
    public required string RepositoriesPath { get; init; }

    /// <summary>Where blobs lie, when they lie in files: when neither <see cref="Azure"/> nor <see cref="S3"/> is set.</summary>
    public required string BlobsPath { get; init; }
    public AzureBlobConfig? Azure { get; init; }
    public S3BlobConfig? S3 { get; init; }

    /// <summary>Larger blobs are refused. Bytes.</summary>
    public long MaxBlobLength { get; init; } = 10L << 30;
    public CacheLimits Caches { get; init; } = new();

    /// <summary>Null: a key file in the folder <c>keys</c> beside the repositories.</summary>
    public KeysConfig? Keys { get; init; }

    internal KeysConfig KeysOrDefault => Keys ?? new() { File = Path.Combine(Path.GetDirectoryName(RepositoriesPath)!, "keys", "keys.json") };
}
