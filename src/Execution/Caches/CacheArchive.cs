using System.Formats.Tar;
using System.Security.Cryptography;
using PRTS.Execution.Artifacts;
using PRTS.Execution.Workspaces;
using ZstdSharp;

namespace PRTS.Execution.Caches;

/// <summary>What an archive has.</summary>
internal sealed record CacheContents(IReadOnlyList<StepFile> Files, IReadOnlyList<(string Path, string Target)> Links, IReadOnlyDictionary<string, string> Notes);

/// <summary>A cache's files as a tar archive, compressed with zstd: contents, execute bits, times and symbolic links.</summary>
internal sealed class CacheArchive(Workspace workspace)
{
    /// <summary>Fast, and not much larger than what slower levels make.</summary>
    private const int Level = 3;
    private const UnixFileMode Normal = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.OtherRead;
    private const UnixFileMode Program = Normal | UnixFileMode.UserExecute | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute;

    /// <summary>The same files make the same bytes.</summary>
    /// <param name="paths">Paths and globs relative to the workspace; what is not there is left out.</param>
    /// <param name="notes">Kept beside the files; ASCII.</param>
    /// <returns>How many files and links.</returns>
    /// <exception cref="IOException">A file changed or cannot be read.</exception>
    public async Task<int> Pack(IReadOnlyList<string> paths, IReadOnlyDictionary<string, string> notes, Stream target, CancellationToken ct)
    {
        var collector = new ArtifactCollector(workspace, links: true);
        var found = paths.Select(collector.Collect).ToList();
        var files = found.SelectMany(one => one.Files).Select(file => (Path: InWorkspace(file), File: (ArtifactUploadFile?)file, Target: ""));
        var links = found.SelectMany(one => one.Links).Select(link => (link.Path, File: (ArtifactUploadFile?)null, link.Target));
        var entries = files.Concat(links).DistinctBy(entry => entry.Path, StringComparer.Ordinal).OrderBy(entry => entry.Path, StringComparer.Ordinal).ToList();
        await using var compressed = new CompressionStream(target, Level, leaveOpen: true);
        await using var archive = new TarWriter(compressed, TarEntryFormat.Pax, leaveOpen: true);
        if (notes.Count > 0)
            await archive.WriteEntryAsync(new PaxGlobalExtendedAttributesTarEntry(notes), ct);
        foreach (var (path, file, link) in entries)
        {
            if (file is null)
                await archive.WriteEntryAsync(new PaxTarEntry(TarEntryType.SymbolicLink, path) { LinkName = link, ModificationTime = DateTimeOffset.UnixEpoch }, ct);
            else
                await Add(archive, path, file, ct);
        }

        return entries.Count;
    }

    /// <returns>How many files and links, and the notes.</returns>
    /// <exception cref="IOException">Something stands in the way, or the disk is full.</exception>
    /// <exception cref="InvalidDataException">It is no such archive.</exception>
    public async Task<(int Files, IReadOnlyDictionary<string, string> Notes)> Unpack(Stream source, CancellationToken ct)
    {
        try
        {
            return await UnpackAll(source, ct);
        }
        catch (ZstdException e)
        {
            throw new InvalidDataException($"it is no zstd archive: {e.Message}", e);
        }
    }

    /// <summary>What <see cref="Unpack"/> would write.</summary>
    /// <exception cref="InvalidDataException">It is no such archive.</exception>
    public static async Task<CacheContents> List(Stream source, CancellationToken ct)
    {
        try
        {
            await using var plain = new DecompressionStream(source, leaveOpen: true);
            await using var archive = new TarReader(plain, leaveOpen: true);
            var (files, links) = (new List<StepFile>(), new List<(string, string)>());
            IReadOnlyDictionary<string, string> notes = new Dictionary<string, string>(StringComparer.Ordinal);
            while (await archive.GetNextEntryAsync(copyData: false, ct) is { } entry)
            {
                if (entry.EntryType == TarEntryType.SymbolicLink)
                    links.Add((entry.Name, entry.LinkName));
                else if (entry.EntryType == TarEntryType.RegularFile)
                    files.Add(new(entry.Name, entry.Mode.HasFlag(UnixFileMode.UserExecute), Convert.ToHexStringLower(await SHA256.HashDataAsync(entry.DataStream ?? Stream.Null, ct))));
                else if (entry is PaxGlobalExtendedAttributesTarEntry global)
                    notes = global.GlobalExtendedAttributes;
            }

            return new(files, links, notes);
        }
        catch (ZstdException e)
        {
            throw new InvalidDataException($"it is no zstd archive: {e.Message}", e);
        }
    }

    private async Task<(int Files, IReadOnlyDictionary<string, string> Notes)> UnpackAll(Stream source, CancellationToken ct)
    {
        var writer = new WorkspaceWriter(workspace);
        await using var plain = new DecompressionStream(source, leaveOpen: true);
        await using var archive = new TarReader(plain, leaveOpen: true);
        var entries = 0;
        IReadOnlyDictionary<string, string> notes = new Dictionary<string, string>(StringComparer.Ordinal);
        while (await archive.GetNextEntryAsync(copyData: false, ct) is { } entry)
        {
            if (entry.EntryType == TarEntryType.SymbolicLink)
            {
                writer.Link(entry.Name, entry.LinkName);
            }
            else if (entry.EntryType == TarEntryType.RegularFile)
            {
                await using var file = writer.Create(entry.Name, entry.Mode.HasFlag(UnixFileMode.UserExecute));
                if (entry.DataStream is { } data)
                    await data.CopyToAsync(file, ct);
                File.SetLastWriteTimeUtc(file.SafeFileHandle, entry.ModificationTime.UtcDateTime);
            }
            else
            {
                notes = entry is PaxGlobalExtendedAttributesTarEntry global ? global.GlobalExtendedAttributes : notes;
                continue;
            }

            entries++;
        }

        return (entries, notes);
    }

    private static async Task Add(TarWriter archive, string path, ArtifactUploadFile file, CancellationToken ct)
    {
        await using var content = (FileStream)file.Open();
        await archive.WriteEntryAsync(new PaxTarEntry(TarEntryType.RegularFile, path)
        {
            DataStream = content,
            Mode = file.Executable ? Program : Normal,
            ModificationTime = new DateTimeOffset(File.GetLastWriteTimeUtc(content.SafeFileHandle)),
        }, ct);
    }

    private string InWorkspace(ArtifactUploadFile file) => Path.GetRelativePath(workspace.Checkout, file.FullPath);
}
