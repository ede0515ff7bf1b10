using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;

namespace PRTS.Storage.Blobs;

internal static partial class BlobKey
{
    private const int MaxLength = 800;
    private const int MaxSegments = 64;

    /// <summary>Where stores keep unfinished uploads. No blob's key begins with a dot.</summary>
    public const string Uploads = ".uploads";

    /// <summary>The key, when it is one.</summary>
    /// <exception cref="BlobKeyException"/>
    public static string Checked(string key)
    {
        if (key.Length is 0 or > MaxLength) throw new BlobKeyException(key, $"keys have 1 to {MaxLength} characters");
        var segments = key.Split('/');
        if (segments.Length > MaxSegments) throw new BlobKeyException(key, $"keys have at most {MaxSegments} segments");
        return Array.TrueForAll(segments, segment => Segment().IsMatch(segment))
            ? key
            : throw new BlobKeyException(key, "segments have 1–200 letters, digits and . _ - =, and begin with none of . and -");
    }

    /// <summary>The id begins with the time.</summary>
    public static BlobUpload NewUpload(string key) => new(Guid.CreateVersion7().ToString("N"), Checked(key));

    /// <summary>When the upload was begun that has this place.</summary>
    public static DateTimeOffset BegunAt(string place) => DateTimeOffset.FromUnixTimeMilliseconds(
        long.Parse(place.AsSpan(Uploads.Length + 1, 12), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture));

    /// <summary>The name of an upload's own place. It depends on the key: an upload cannot be finished under another.</summary>
    /// <exception cref="BlobUploadNotFoundException">The id is none of ours.</exception>
    public static string UploadName(BlobUpload upload)
    {
        var hash = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(Checked(upload.Key))).AsSpan(0, 8));
        return Id().IsMatch(upload.Id) ? $"{upload.Id}-{hash}" : throw new BlobUploadNotFoundException(upload.Key);
    }

    /// <summary>Where stores that have keys only keep it.</summary>
    public static string UploadPlace(BlobUpload upload) => $"{Uploads}/{UploadName(upload)}";

    [GeneratedRegex(@"\A[A-Za-z0-9_=][A-Za-z0-9._=-]{0,199}\z", RegexOptions.CultureInvariant, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Segment();

    [GeneratedRegex(@"\A[0-9a-f]{32}\z", RegexOptions.CultureInvariant, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Id();
}
