using System.Text.RegularExpressions;
using PRTS.Storage.Blobs;

namespace PRTS.Silo.Configuration;

/// <summary>Where blobs (logs, artifacts) lie: in an Azure container, in a bucket, or, when both are null, in files of the data directory.</summary>
public sealed partial record BlobSettings
{
    private const string Choice = "PRTS_BLOBS";
    private static readonly string[] AzureNames = ["PRTS_AZURE_CONNECTION", "PRTS_AZURE_CONTAINER"];
    private static readonly string[] S3Names = ["PRTS_S3_BUCKET", "PRTS_S3_URL", "PRTS_S3_REGION", "PRTS_S3_ACCESS_KEY", "PRTS_S3_SECRET_KEY"];

    public AzureBlobConfig? Azure { get; private init; }
    public S3BlobConfig? S3 { get; private init; }

    internal static BlobSettings Read(SettingsReader settings)
    {
        var choice = settings.Text(Choice) ?? "files";
        switch (choice)
        {
            case "files":
                RefuseStray(settings, "azure", AzureNames);
                RefuseStray(settings, "s3", S3Names);
                return new();
            case "azure":
                RefuseStray(settings, "s3", S3Names);
                return new() { Azure = ReadAzure(settings) };
            case "s3":
                RefuseStray(settings, "azure", AzureNames);
                return new() { S3 = ReadS3(settings) };
            default:
                settings.Problems.Add($"{Choice} is '{choice}': it must be files, azure or s3.");
                return new();
        }
    }

    /// <summary>Who sets up a bucket and forgets to choose it would find out when the disk is full.</summary>
    private static void RefuseStray(SettingsReader settings, string store, string[] names)
    {
        if (names.FirstOrDefault(name => settings.Text(name) is not null) is { } stray)
            settings.Problems.Add($"{stray} is set, but {Choice} is '{settings.Text(Choice) ?? "files"}': set {Choice} to {store}, or remove {stray}.");
    }

    private static AzureBlobConfig ReadAzure(SettingsReader settings)
    {
        var config = new AzureBlobConfig(settings.Text("PRTS_AZURE_CONNECTION") ?? "", settings.Text("PRTS_AZURE_CONTAINER") ?? "prts");
        if (config.ConnectionString.Length == 0)
            settings.Problems.Add("PRTS_AZURE_CONNECTION is not set: give the connection string of the storage account.");
        else if (config.ConnectionProblem is { } problem)
            settings.Problems.Add($"PRTS_AZURE_CONNECTION is no connection string of a storage account: {problem}");
        if (!ContainerName().IsMatch(config.Container))
            settings.Problems.Add($"PRTS_AZURE_CONTAINER is '{config.Container}': it must be a container's name, 3–63 of a-z 0-9 and single hyphens between them.");
        return config;
    }

    private static S3BlobConfig ReadS3(SettingsReader settings)
    {
        var config = new S3BlobConfig
        {
            Bucket = settings.Text("PRTS_S3_BUCKET") ?? "",
            ServiceUrl = settings.Text("PRTS_S3_URL"),
            Region = settings.Text("PRTS_S3_REGION"),
            AccessKey = settings.Text("PRTS_S3_ACCESS_KEY"),
            SecretKey = settings.Text("PRTS_S3_SECRET_KEY"),
        };
        if (config.Bucket.Length == 0)
            settings.Problems.Add("PRTS_S3_BUCKET is not set: give the name of a bucket that exists.");
        else if (!BucketName().IsMatch(config.Bucket))
            settings.Problems.Add($"PRTS_S3_BUCKET is '{config.Bucket}': it must be a bucket's name, 3–63 of a-z 0-9 . and -.");
        if (config.ServiceUrl is { } address && (!Uri.TryCreate(address, UriKind.Absolute, out var url) || url.Scheme is not ("http" or "https")))
            settings.Problems.Add($"PRTS_S3_URL is '{address}': it must be an http or https address, or be left out for Amazon's own.");
        if (config.AccessKey is null != config.SecretKey is null)
            settings.Problems.Add("PRTS_S3_ACCESS_KEY and PRTS_S3_SECRET_KEY go together: set both, or neither to use the machine's own credentials.");
        return config;
    }

    [GeneratedRegex(@"\A(?=.{3,63}\z)[a-z0-9]+(-[a-z0-9]+)*\z", RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex ContainerName();

    [GeneratedRegex(@"\A[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]\z", RegexOptions.CultureInvariant, matchTimeoutMilliseconds: 1000)]
    private static partial Regex BucketName();
}
