using Amazon.Runtime;
using Amazon.S3;
using Azure.Storage.Blobs;

namespace PRTS.Storage.Blobs;

/// <summary>An Azure container, by the storage account's connection string.</summary>
public sealed record AzureBlobConfig(string ConnectionString, string Container)
{
    /// <summary>What is wrong with the connection string, without its secrets; null when it can be used.</summary>
    public string? ConnectionProblem
    {
        get
        {
            try
            {
                _ = new BlobServiceClient(ConnectionString);
                return null;
            }
            catch (FormatException malformed)
            {
                return malformed.Message;
            }
        }
    }

    // Records print their members; a key must not reach a log that way.
    public override string ToString() => $"Azure container {Container}";
}

/// <summary>A bucket. ServiceUrl: of a server other than Amazon's, with path-style addresses. Without keys the machine's own credentials are used.</summary>
public sealed record S3BlobConfig
{
    public required string Bucket { get; init; }
    public string? ServiceUrl { get; init; }
    public string? Region { get; init; }
    public string? AccessKey { get; init; }
    public string? SecretKey { get; init; }

    // Records print their members; a key must not reach a log that way.
    public override string ToString() => $"S3 bucket {Bucket}";
}

internal static class BlobStores
{
    public static IBlobStore Create(StorageOptions options, bool retry = true) =>
        options.Azure is { } azure ? new AzureBlobStore(Client(azure, retry), options.MaxBlobLength)
        : options.S3 is { } s3 ? new S3BlobStore(Client(s3, retry), s3.Bucket, options.MaxBlobLength)
        : new FileBlobStore(options.BlobsPath, options.MaxBlobLength);

    private static BlobContainerClient Client(AzureBlobConfig config, bool retry)
    {
        var client = new BlobClientOptions();
        if (!retry) client.Retry.MaxRetries = 0;
        return new(config.ConnectionString, config.Container, client);
    }

    public static AmazonS3Client Client(S3BlobConfig config, bool retry = true)
    {
        var client = new AmazonS3Config
        {
            // Servers other than Amazon's often know no trailing checksums; our own SHA-256 is checked in any case.
            RequestChecksumCalculation = RequestChecksumCalculation.WHEN_REQUIRED,
            ResponseChecksumValidation = ResponseChecksumValidation.WHEN_REQUIRED,
        };
        if (!retry) client.MaxErrorRetry = 0;
        if (config.ServiceUrl is not null)
        {
            client.ServiceURL = config.ServiceUrl;
            client.ForcePathStyle = true;
            client.AuthenticationRegion = config.Region ?? "us-east-1";
        }
        else if (config.Region is not null)
        {
            client.RegionEndpoint = Amazon.RegionEndpoint.GetBySystemName(config.Region);
        }

        return config.AccessKey is null ? new(client) : new(new BasicAWSCredentials(config.AccessKey, config.SecretKey), client);
    }
}
