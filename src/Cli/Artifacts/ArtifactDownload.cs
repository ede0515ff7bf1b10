using System.Net;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using PRTS.Api.Artifacts;
using PRTS.Cli.Builds;
using PRTS.Cli.Connection;

namespace PRTS.Cli.Artifacts;

/// <summary>
/// Brings files here. A file grows under <c>NAME.partial</c> and gets its name when its SHA-256 is right, so what has its name is whole.
/// </summary>
internal sealed class ArtifactDownload(ApiClient api, BuildName build, string directory)
{
    private const UnixFileMode Executable = UnixFileMode.UserExecute | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute;

    /// <summary>Where an artifact goes.</summary>
    public string DirectoryOf(ArtifactSummary artifact) => Inside(directory, artifact.Name);

    public Task<IReadOnlyList<ArtifactFile>> ListAsync(ArtifactSummary artifact, CancellationToken cancellation) =>
        api.GetAsync(PathOf(artifact), CliJson.Default.IReadOnlyListArtifactFile, cancellation);

    /// <param name="progress">Gets the number of bytes that came or were here already.</param>
    public async Task FetchAsync(ArtifactSummary artifact, ArtifactFile file, Action<long> progress, CancellationToken cancellation)
    {
        var target = Inside(DirectoryOf(artifact), file.Path);
        if (File.Exists(target) && new FileInfo(target).Length == file.Size && await HashAsync(target, cancellation) == file.Sha256)
        {
            progress(file.Size);
            return;
        }

        Directory.CreateDirectory(Path.GetDirectoryName(target)!);
        var partial = target + ".partial";
        if (!await TryFetchAsync(artifact, file, partial, progress, cancellation))
        {
            // What an earlier download left may be of another build: once more from the start.
            File.Delete(partial);
            progress(-file.Size);
            if (!await TryFetchAsync(artifact, file, partial, progress, cancellation))
            {
                throw new UserError($"{file.Path} of the artifact {artifact.Name} came damaged twice (its SHA-256 is not {file.Sha256}). Try again later.");
            }
        }

        if (file.Executable)
        {
            File.SetUnixFileMode(partial, File.GetUnixFileMode(partial) | Executable);
        }

        File.Move(partial, target, overwrite: true);
    }

    private async Task<bool> TryFetchAsync(ArtifactSummary artifact, ArtifactFile file, string partial, Action<long> progress, CancellationToken cancellation)
    {
        await using (var output = new FileStream(partial, FileMode.OpenOrCreate, FileAccess.Write))
        {
            var have = output.Length <= file.Size ? output.Length : 0;
            output.SetLength(have);
            output.Seek(have, SeekOrigin.Begin);
            progress(have);
            if (have < file.Size)
            {
                await AppendAsync(PathOf(artifact) + "/" + EscapePath(file.Path), output, have, progress, cancellation);
            }
        }

        return await HashAsync(partial, cancellation) == file.Sha256;
    }

    private async Task AppendAsync(string path, FileStream output, long from, Action<long> progress, CancellationToken cancellation)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, api.Absolute(path));
        if (from > 0)
        {
            request.Headers.Range = new RangeHeaderValue(from, null);
        }

        using var response = await api.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellation);
        if (from > 0 && response.StatusCode != HttpStatusCode.PartialContent)
        {
            output.SetLength(0);
            progress(-from);
        }

        try
        {
            await using var body = await response.Content.ReadAsStreamAsync(cancellation);
            var buffer = new byte[128 * 1024];
            while (await body.ReadAsync(buffer, cancellation) is var count and > 0)
            {
                await output.WriteAsync(buffer.AsMemory(0, count), cancellation);
                progress(count);
            }
        }
        catch (HttpIOException error)
        {
            throw new UserError($"The connection to {api.Url} broke ({error.Message.TrimEnd('.')}). The same command goes on where it broke.");
        }
    }

    private string PathOf(ArtifactSummary artifact) =>
        $"{build.ApiPath}/jobs/{Uri.EscapeDataString(artifact.Job)}/artifacts/{Uri.EscapeDataString(artifact.Name)}/files";

    private static string EscapePath(string path) => string.Join('/', path.Split('/').Select(Uri.EscapeDataString));

    /// <summary>A server that is not what it seems must not write outside of the directory.</summary>
    private static string Inside(string directory, string path)
    {
        var full = Path.GetFullPath(Path.Combine(directory, path));
        return full.StartsWith(Path.TrimEndingDirectorySeparator(directory) + "/", StringComparison.Ordinal)
            ? full
            : throw new UserError($"The server names a file outside of the artifact: '{path}'. Nothing of it was written.");
    }

    private static async Task<string> HashAsync(string path, CancellationToken cancellation)
    {
        await using var file = File.OpenRead(path);
        return Convert.ToHexStringLower(await SHA256.HashDataAsync(file, cancellation));
    }
}
