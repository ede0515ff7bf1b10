using System.IO.Compression;
using PRTS.Storage.Artifacts;
using PRTS.Storage.Blobs;

namespace PRTS.Web.Artifacts;

/// <summary>Writes a zip archive as it goes: one file after another, nothing kept.</summary>
public static class ArtifactZip
{
    private const int RegularFile = 0x8000;
    private const int Executable = 0x1ED; // rwxr-xr-x
    private const int Plain = 0x1A4; // rw-r--r--

    /// <param name="folder">Left out of the names; empty for none.</param>
    public static async Task Write(Stream destination, IReadOnlyList<StoredFile> files, string folder, IBlobStore blobs, CancellationToken cancellationToken)
    {
        await using var output = new AsyncOnlyStream(destination);
        await using (var zip = await ZipArchive.CreateAsync(output, ZipArchiveMode.Create, leaveOpen: true, entryNameEncoding: null, cancellationToken))
        {
            foreach (var stored in files)
            {
                var entry = zip.CreateEntry(folder.Length == 0 ? stored.File.Path : stored.File.Path[(folder.Length + 1)..], CompressionLevel.Fastest);
                entry.ExternalAttributes = (RegularFile | (stored.File.Executable ? Executable : Plain)) << 16;
                await using (var content = await blobs.OpenRead(stored.BlobKey, cancellationToken: cancellationToken))
                await using (var into = await entry.OpenAsync(cancellationToken))
                {
                    await content.CopyToAsync(into, cancellationToken);
                }

                await output.FlushAsync(cancellationToken);
            }
        }

        await output.FlushAsync(cancellationToken);
    }
}
