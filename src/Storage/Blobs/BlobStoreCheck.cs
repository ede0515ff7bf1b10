using System.Net;
using Amazon.S3;
using Azure;

namespace PRTS.Storage.Blobs;

/// <summary>Whether the blob store that the options name can be used. It asks once, without the clients' own retries: the answer is wanted at once.</summary>
public sealed class BlobStoreCheck(StorageOptions options)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);
    private IBlobStore? store;

    /// <summary>Writes a blob, reads and deletes it: what a missing right would refuse to the first artifact.</summary>
    /// <returns>What is wrong; null when all is well.</returns>
    public Task<string?> TryOut(CancellationToken cancellationToken = default) => Problem(
        async (blobs, patience) =>
        {
            var key = $"check/{Guid.NewGuid():N}";
            await blobs.Put(key, new MemoryStream([1]), cancellationToken: patience);
            await using (await blobs.OpenRead(key, cancellationToken: patience))
            {
            }

            await blobs.Delete(key, patience);
        },
        cancellationToken);

    /// <summary>Only asks whether the store answers.</summary>
    /// <returns>What is wrong; null when all is well.</returns>
    public Task<string?> Reach(CancellationToken cancellationToken = default) => Problem(
        async (blobs, patience) => await blobs.List("check/", patience).GetAsyncEnumerator(patience).MoveNextAsync(), cancellationToken);

    private async Task<string?> Problem(Func<IBlobStore, CancellationToken, Task> act, CancellationToken cancellationToken)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        patience.CancelAfter(Patience);
        try
        {
            store ??= BlobStores.Create(options, retry: false);
            await act(store, patience.Token);
            return null;
        }
        catch (Exception failure) when (!cancellationToken.IsCancellationRequested)
        {
            // Each client has exceptions of its own for the same troubles; whatever it is, the store cannot be used.
            return $"{Place} {Explain(failure)}";
        }
    }

    private string Place => options.Azure is { } azure ? $"The Azure container '{azure.Container}'"
        : options.S3 is { } s3 ? $"The S3 bucket '{s3.Bucket}'{(s3.ServiceUrl is { } url ? $" at {url}" : "")}"
        : $"The directory {options.BlobsPath}";

    private static string Explain(Exception failure) => failure switch
    {
        RequestFailedException { Status: 404 } or AmazonS3Exception { StatusCode: HttpStatusCode.NotFound } => "does not exist: create it.",
        RequestFailedException { Status: 401 or 403 } or AmazonS3Exception { StatusCode: HttpStatusCode.Forbidden } =>
            $"refuses the credentials of this server ({Code(failure)}): they must allow to read, write, list and delete.",
        OperationCanceledException => $"did not answer within {Patience.TotalSeconds:0} s.",
        _ => $"cannot be used: {FirstLine(failure.Message)}",
    };

    private static string Code(Exception failure) => (failure as RequestFailedException)?.ErrorCode ?? (failure as AmazonS3Exception)?.ErrorCode ?? "forbidden";

    /// <summary>The clients add whole responses.</summary>
    private static string FirstLine(string message) => message.Split('\n', 2)[0].Trim();
}

/// <summary>The store cannot be used; the message says which, and why.</summary>
public sealed class UnusableBlobStoreException(string problem) : BlobException(problem);
