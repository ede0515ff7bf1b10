using Amazon.Runtime;
using Amazon.S3;
using Azure.Storage.Blobs;

namespace PRTS.Storage.Blobs;

/// <summary>An Azure container, by the storage account's connection string.</summary>
public sealed record AzureBlobConfig(string ConnectionString, string Container);

/// <summary>A bucket. ServiceUrl: of a server other than Amazon's, with path-style addresses. Without keys the machine's own credentials are used.</summary>
public sealed record S3BlobConfig
{
    public required string Bucket { get; init; }
    public string? ServiceUrl { get; init; }
    public string? Region { get; init; }
    public string? AccessKey { get; init; }
    public string? SecretKey { get; init; }
}

internal static class BlobStores
{
    public static IBlobStore Create(StorageOptions options) =>
        options.Azure is { } azure ? new AzureBlobStore(new BlobContainerClient(azure.ConnectionString, azure.Container), options.MaxBlobLength)
        : options.S3 is { } s3 ? new S3BlobStore(Client(s3), s3.Bucket, options.MaxBlobLength)
        : new FileBlobStore(options.BlobsPath, options.MaxBlobLength);

    public static AmazonS3Client Client(S3BlobConfig config)
    {
        var client = new AmazonS3Config
        {
            // Servers other than Amazon's often know no trailing checksums; our own SHA-256 is checked in any case.
            RequestChecksumCalculation = RequestChecksumCalculation.WHEN_REQUIRED,
            ResponseChecksumValidation = ResponseChecksumValidation.WHEN_REQUIRED,
        };
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
