using System.Globalization;

namespace PRTS.Storage.Blobs;

public abstract class BlobException(string message) : IOException(message);

public sealed class BlobNotFoundException(string key) : BlobException($"There is no blob '{key}'.")
{
    public string Key { get; } = key;
}

public sealed class BlobTooLargeException(string key, long length, long limit)
    : BlobException(string.Create(CultureInfo.InvariantCulture, $"Blob '{key}' has {length} bytes or more; the limit is {limit}."))
{
    public long Length { get; } = length;
    public long Limit { get; } = limit;
}

public sealed class BlobMismatchException(string key, string what, string expected, string actual)
    : BlobException($"Blob '{key}' was announced with {what} {expected}, but has {actual}.");

public sealed class BlobOffsetException(string key, long offset, long actual)
    : BlobException(string.Create(CultureInfo.InvariantCulture, $"The upload of '{key}' is at byte {actual}, not {offset}: go on from there."))
{
    /// <summary>Where the upload is.</summary>
    public long Actual { get; } = actual;
}

public sealed class BlobKeyException(string key, string why) : ArgumentException($"'{key}' is no blob key: {why}.");

public sealed class BlobUploadNotFoundException(string key) : BlobException($"There is no unfinished upload of '{key}' with this id: it was committed or aborted, or never begun.");
