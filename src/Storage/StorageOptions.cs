namespace PRTS.Storage;

public sealed record StorageOptions
{
    /// <summary>Npgsql's connection string.</summary>
    public required string ConnectionString { get; init; }

    /// <summary>Where the bare repositories lie.</summary>
    public required string RepositoriesPath { get; init; }

    /// <summary>Where blobs lie, when they lie in files.</summary>
    public required string BlobsPath { get; init; }

    /// <summary>Larger blobs are refused. Bytes.</summary>
    public long MaxBlobLength { get; init; } = 10L << 30;
}
