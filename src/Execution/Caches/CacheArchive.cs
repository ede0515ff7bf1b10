using System.Formats.Tar;
using System.Security.Cryptography;
using System.Text.Json;
using PRTS.Api;
using PRTS.Execution.Artifacts;
using PRTS.Execution.Workspaces;
using ZstdSharp;

namespace PRTS.Execution.Caches;

/// <summary>What an archive has.</summary>
internal sealed record CacheContents(IReadOnlyList<StepFile> Files, IReadOnlyList<(string Path, string Target)> Links, IReadOnlyList<string> Folders, IReadOnlyDictionary<string, string> Notes)
{
    /// <summary>Paths that are not to be there afterwards.</summary>
    public IReadOnlyList<string> Removed => CacheArchive.RemovedOf(Notes);
}

/// <summary>A cache's files as a tar archive, compressed with zstd: contents, permissions, times, symbolic links and empty folders.</summary>
internal sealed class CacheArchive(Workspace workspace)
{
    /// <summary>Fast, and not much larger than what slower levels make.</summary>
    private const int Level = 3;
    private const UnixFileMode Permissions = (UnixFileMode)0b111_111_111;

    /// <summary>Of the notes: paths that are taken away before the files come.</summary>
    public const string RemovedName = "PRTS.removed";

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
        var folders = found.SelectMany(one => one.Folders).Select(folder => (Path: folder + "/", File: (ArtifactUploadFile?)null, Target: ""));
        var entries = files.Concat(links).Concat(folders).DistinctBy(entry => entry.Path, StringComparer.Ordinal).OrderBy(entry => entry.Path, StringComparer.Ordinal).ToList();
        await using var compressed = new CompressionStream(target, Level, leaveOpen: true);
        await using var archive = new TarWriter(compressed, TarEntryFormat.Pax, leaveOpen: true);
        if (notes.Count > 0)
            await archive.WriteEntryAsync(new PaxGlobalExtendedAttributesTarEntry(notes), ct);
        foreach (var (path, file, link) in entries)
        {
            if (path.EndsWith('/'))
                await archive.WriteEntryAsync(new PaxTarEntry(TarEntryType.Directory, path) { ModificationTime = DateTimeOffset.UnixEpoch }, ct);
            else if (file is null)
                await archive.WriteEntryAsync(new PaxTarEntry(TarEntryType.SymbolicLink, path) { LinkName = link, ModificationTime = DateTimeOffset.UnixEpoch }, ct);
            else
                await Add(archive, path, file, ct);
        }

        return entries.Count(entry => !entry.Path.EndsWith('/'));
    }

    public static IReadOnlyList<string> RemovedOf(IReadOnlyDictionary<string, string> notes) => notes.TryGetValue(RemovedName, out var note) ? FromNote<string[]>(note) : [];

    /// <summary>Notes are ASCII.</summary>
    public static string ToNote<T>(T value) => Convert.ToBase64String(JsonSerializer.SerializeToUtf8Bytes(value, ApiJson.Options));

    /// <exception cref="InvalidDataException">It is no such note.</exception>
    public static T FromNote<T>(string note)
    {
        try
        {
            return JsonSerializer.Deserialize<T>(Convert.FromBase64String(note), ApiJson.Options)!;
        }
        catch (Exception e) when (e is JsonException or FormatException)
        {
            throw new InvalidDataException($"it has a note that cannot be read: {e.Message}", e);
        }
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
            await using var archive = new TarEntries(source);
            var (files, links, folders) = (new List<StepFile>(), new List<(string, string)>(), new List<string>());
            IReadOnlyDictionary<string, string> notes = new Dictionary<string, string>(StringComparer.Ordinal);
            while (await archive.Next(ct) is { } entry)
            {
                if (entry.EntryType == TarEntryType.SymbolicLink)
                    links.Add((entry.Name, entry.LinkName));
                else if (entry.EntryType == TarEntryType.RegularFile)
                    files.Add(new(entry.Name, entry.Mode.HasFlag(UnixFileMode.UserExecute), Convert.ToHexStringLower(await SHA256.HashDataAsync(entry.DataStream ?? Stream.Null, ct))));
                else if (entry.EntryType == TarEntryType.Directory)
                    folders.Add(entry.Name);
                else if (entry is PaxGlobalExtendedAttributesTarEntry global)
                    notes = global.GlobalExtendedAttributes;
            }

            return new(files, links, folders, notes);
        }
        catch (ZstdException e)
        {
            throw new InvalidDataException($"it is no zstd archive: {e.Message}", e);
        }
    }

    private async Task<(int Files, IReadOnlyDictionary<string, string> Notes)> UnpackAll(Stream source, CancellationToken ct)
    {
        var writer = new WorkspaceWriter(workspace);
        await using var archive = new TarEntries(source);
        var entries = 0;
        IReadOnlyDictionary<string, string> notes = new Dictionary<string, string>(StringComparer.Ordinal);
        while (await archive.Next(ct) is { } entry)
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
                File.SetUnixFileMode(file.SafeFileHandle, entry.Mode & Permissions);
                File.SetLastWriteTimeUtc(file.SafeFileHandle, entry.ModificationTime.UtcDateTime);
            }
            else
            {
                if (entry.EntryType == TarEntryType.Directory)
                    writer.Folder(entry.Name);
                else if (entry is PaxGlobalExtendedAttributesTarEntry global)
                {
                    notes = global.GlobalExtendedAttributes;
                    foreach (var path in RemovedOf(notes))
                        writer.Remove(path);
                }

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
            Mode = File.GetUnixFileMode(content.SafeFileHandle) & Permissions,
            ModificationTime = new DateTimeOffset(File.GetLastWriteTimeUtc(content.SafeFileHandle)),
        }, ct);
    }

    private string InWorkspace(ArtifactUploadFile file) => Path.GetRelativePath(workspace.Checkout, file.FullPath);
}
