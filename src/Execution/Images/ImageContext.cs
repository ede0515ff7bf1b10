using System.Formats.Tar;
using System.IO.Pipelines;
using PRTS.Execution.Artifacts;
using PRTS.Execution.Workspaces;

namespace PRTS.Execution.Images;

/// <summary>The files that a Dockerfile can copy, as the engine takes them. Read with the rights of the job's user; links are sent as links.</summary>
internal sealed class ImageContext
{
    private readonly IReadOnlyList<ArtifactUploadFile> files;
    private readonly IReadOnlyList<(string Path, string Target)> links;

    /// <exception cref="InvalidDataException">There is no such folder or Dockerfile, or it cannot be read.</exception>
    public ImageContext(Workspace workspace, string context, string dockerfile)
    {
        var folder = string.Join('/', context.Split('/').Where(part => part is not ("" or ".")));
        Dockerfile = string.Join('/', dockerfile.Split('/').Where(part => part is not ("" or ".")));
        var found = new ArtifactCollector(workspace, links: true).Collect(folder.Length == 0 ? "." : folder);
        if (found.Error is not null)
            throw new InvalidDataException($"The context: {found.Error}.");
        if (!found.Files.Any(file => file.Path == Dockerfile))
            throw new InvalidDataException($"There is no file '{Dockerfile}' in {(folder.Length == 0 ? "the workspace" : $"'{folder}'")}.");
        var ignore = new IgnoreFile(Text(found.Files, Dockerfile + ".dockerignore") ?? Text(found.Files, ".dockerignore") ?? "");
        // The engine needs it, whatever is ignored.
        files = [.. found.Files.Where(file => file.Path == Dockerfile || !ignore.Ignores(file.Path))];
        links = [.. found.Links.Select(link => (Path: folder.Length == 0 ? link.Path : link.Path[(folder.Length + 1)..], link.Target)).Where(link => !ignore.Ignores(link.Path))];
    }

    public string Dockerfile { get; }

    public int Files => files.Count + links.Count;

    public long Size => files.Sum(file => file.Size);

    /// <summary>A tar archive, made while it is read.</summary>
    public Stream Open(CancellationToken ct)
    {
        var pipe = new Pipe();
        _ = Write(pipe.Writer, ct);
        return pipe.Reader.AsStream();
    }

    /// <summary>What goes wrong, the reader gets.</summary>
    private async Task Write(PipeWriter writer, CancellationToken ct)
    {
        try
        {
            await using (var stream = writer.AsStream(leaveOpen: true))
            await using (var tar = new TarWriter(stream, TarEntryFormat.Pax, leaveOpen: true))
            {
                foreach (var file in files)
                {
                    await using var content = file.Open();
                    await tar.WriteEntryAsync(new PaxTarEntry(TarEntryType.RegularFile, file.Path)
                    {
                        DataStream = content,
                        Mode = file.Executable ? (UnixFileMode)0b111_101_101 : (UnixFileMode)0b110_100_100,
                        ModificationTime = DateTimeOffset.UnixEpoch,
                    }, ct);
                }
                foreach (var (path, target) in links)
                    await tar.WriteEntryAsync(new PaxTarEntry(TarEntryType.SymbolicLink, path) { LinkName = target, ModificationTime = DateTimeOffset.UnixEpoch }, ct);
            }
            await writer.CompleteAsync();
        }
        catch (Exception e)
        {
            await writer.CompleteAsync(e);
        }
    }

    private static string? Text(IReadOnlyList<ArtifactUploadFile> files, string path)
    {
        if (files.FirstOrDefault(file => file.Path == path) is not { } found)
            return null;
        using var reader = new StreamReader(found.Open());
        return reader.ReadToEnd();
    }
}
