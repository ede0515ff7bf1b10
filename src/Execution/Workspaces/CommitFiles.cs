using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;
using PRTS.Execution.Artifacts;
using PRTS.Execution.Caches;
using PRTS.Execution.Users;

namespace PRTS.Execution.Workspaces;

/// <summary>
/// The files that a checkout of a commit would have, told from the mirror without one. What is learned of a commit and of a blob never
/// changes, so it is kept for the jobs and builds that follow.
/// </summary>
internal sealed class CommitFiles : IStepFiles
{
    private const int MostCommits = 16;
    private const int MostFiles = 50_000;
    private const int MostBlobs = 500_000;
    private static readonly ConcurrentDictionary<(string Mirror, string Commit), Lazy<Task<CommitFiles?>>> Known = new();

    /// <summary>Of a file: SHA-256 of its contents; of a symbolic link: where it points. By the blob's id.</summary>
    private static readonly ConcurrentDictionary<string, string> Blobs = new(StringComparer.Ordinal);

    /// <summary>Begins the ids of what no commit has.</summary>
    private const string Own = "sha256:";

    private readonly Mirror mirror;
    private readonly IReadOnlyList<Entry> entries;

    private CommitFiles(Mirror mirror, IReadOnlyList<Entry> entries) => (this.mirror, this.entries) = (mirror, entries);

    private sealed record Entry(string Path, string Blob, bool Executable, bool IsLink);

    /// <summary>Null when a checkout may differ from what the commit has (attributes, submodules), or is too large to be told here.</summary>
    /// <exception cref="GitException">The mirror lacks the commit, or is damaged.</exception>
    public static async Task<CommitFiles?> Of(Mirror mirror, string commit, CancellationToken ct)
    {
        if (Known.Count > MostCommits)
            Known.Clear();
        var key = (mirror.Path, commit);
        var known = Known.GetOrAdd(key, _ => new(() => Load(mirror, commit)));
        try
        {
            return await known.Value.WaitAsync(ct);
        }
        catch (GitException)
        {
            Known.TryRemove(key, out _);
            throw;
        }
    }

    /// <summary>With what a step made and took away; null when a file would lie below a file or link, or take the place of a folder, and when folders are empty.</summary>
    public CommitFiles? With(CacheContents made)
    {
        foreach (var file in made.Files)
            Blobs[Own + file.Sha256] = file.Sha256;
        foreach (var (_, target) in made.Links)
            Blobs[Own + "link:" + target] = target;
        var added = made.Files.Select(file => new Entry(file.Path, Own + file.Sha256, file.Executable, false))
            .Concat(made.Links.Select(link => new Entry(link.Path, Own + "link:" + link.Target, false, true))).ToDictionary(entry => entry.Path, StringComparer.Ordinal);
        var gone = made.Removed.ToHashSet(StringComparer.Ordinal);
        var others = entries.Where(entry => !added.ContainsKey(entry.Path) && !gone.Contains(entry.Path)).ToList();
        return made.Folders.Count > 0 || others.Any(entry => added.Keys.Any(path => path.StartsWith(entry.Path + "/", StringComparison.Ordinal) || entry.Path.StartsWith(path + "/", StringComparison.Ordinal)))
            ? null
            : new(mirror, [.. others, .. added.Values]);
    }

    public async ValueTask<(IReadOnlyList<StepFile> Files, IReadOnlyList<(string Path, string Target)> Links)> Read(IReadOnlyList<string> patterns, CancellationToken ct)
    {
        var found = patterns.SelectMany(Matching).DistinctBy(entry => entry.Path).ToList();
        await Learn([.. found.Select(entry => (entry.Blob, entry.IsLink)).Where(blob => !Blobs.ContainsKey(blob.Blob)).Distinct()], ct);
        if (found.FirstOrDefault(entry => entry.IsLink && Blobs[entry.Blob].Contains('\uFFFD', StringComparison.Ordinal)) is { } odd)
            throw new IOException($"{odd.Path} points to a name that is not valid UTF-8");
        return ([.. found.Where(entry => !entry.IsLink).Select(entry => new StepFile(entry.Path, entry.Executable, Blobs[entry.Blob]))],
            [.. found.Where(entry => entry.IsLink).Select(entry => (entry.Path, Blobs[entry.Blob]))]);
    }

    /// <summary>As <see cref="ArtifactCollector"/> finds them in a workspace.</summary>
    private IEnumerable<Entry> Matching(string pattern)
    {
        if (ArtifactCollector.Refusal(pattern) is { } refusal)
            throw new IOException(refusal);
        var path = ArtifactCollector.Normal(pattern);
        var glob = Glob.IsGlob(path) ? new Glob(path) : null;
        var directory = glob?.Directory ?? path;
        var prefix = directory.Length == 0 ? "" : directory + "/";
        if (entries.FirstOrDefault(entry => entry.IsLink && prefix.StartsWith(entry.Path + "/", StringComparison.Ordinal)) is { } link)
            throw new IOException($"{link.Path} is a symbolic link");
        return entries.Where(entry => (glob is null && entry.Path == path)
            || (entry.Path.StartsWith(prefix, StringComparison.Ordinal) && (glob?.Matches(entry.Path[prefix.Length..]) ?? true)));
    }

    private static async Task<CommitFiles?> Load(Mirror mirror, string commit)
    {
        using var output = new MemoryStream();
        await Git.Run(mirror.Path, JobUser.Own, ["ls-tree", "-r", "-z", "--full-tree", commit], [], CancellationToken.None, output: output);
        var listed = new List<Entry>();
        foreach (var line in Strict.GetString(output.GetBuffer(), 0, (int)output.Length).Split('\0', StringSplitOptions.RemoveEmptyEntries))
        {
            var (head, path) = (line[..line.IndexOf('\t', StringComparison.Ordinal)].Split(' '), line[(line.IndexOf('\t', StringComparison.Ordinal) + 1)..]);
            // A replaced character stands for a name that is not UTF-8, which a checkout refuses to tell.
            if (path.Split('/')[^1] == ".gitattributes" || path.Contains('\uFFFD', StringComparison.Ordinal) || listed.Count == MostFiles)
                return null;
            // Of another repository a checkout has an empty folder.
            if (head is not [var mode, "blob", var blob])
                return null;
            listed.Add(new(path, blob, mode == "100755", mode == "120000"));
        }
        return new(mirror, listed);
    }

    private async Task Learn(IReadOnlyList<(string Id, bool IsLink)> blobs, CancellationToken ct)
    {
        if (blobs.Count == 0)
            return;
        if (Blobs.Count > MostBlobs)
            Blobs.Clear();
        var asked = string.Concat(blobs.Select(blob => blob.Id + "\n"));
        using var reader = new BlobReader(blobs);
        await Git.Run(mirror.Path, JobUser.Own, ["cat-file", "--batch"], [], ct, async input => await input.WriteAsync(Encoding.ASCII.GetBytes(asked), ct), reader);
        foreach (var (id, value) in reader.Values)
            Blobs[id] = value;
        if (blobs.FirstOrDefault(blob => !Blobs.ContainsKey(blob.Id)) is { Id: { } lacking })
            throw new GitException($"the mirror lacks {lacking}");
    }

    private static readonly UTF8Encoding Strict = new(encoderShouldEmitUTF8Identifier: false);

    /// <summary>Takes what <c>git cat-file --batch</c> writes: for each blob a line with its size, its contents, a line feed.</summary>
    private sealed class BlobReader(IReadOnlyList<(string Id, bool IsLink)> blobs) : Stream
    {
        private readonly IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        private readonly MemoryStream line = new();
        private readonly MemoryStream target = new();
        private int index;
        private long left = -1;

        public Dictionary<string, string> Values { get; } = new(StringComparer.Ordinal);

        public override void Write(ReadOnlySpan<byte> buffer)
        {
            while (buffer.Length > 0)
            {
                if (left < 0)
                {
                    var end = buffer.IndexOf((byte)'\n');
                    line.Write(end < 0 ? buffer : buffer[..end]);
                    buffer = end < 0 ? [] : buffer[(end + 1)..];
                    if (end >= 0)
                        Begin();
                    continue;
                }
                var part = buffer[..(int)Math.Min(buffer.Length, left)];
                hash.AppendData(part);
                if (blobs[index].IsLink)
                    target.Write(part);
                left -= part.Length;
                buffer = buffer[part.Length..];
                if (left == 0 && buffer.Length > 0)
                {
                    buffer = buffer[1..];
                    End();
                }
            }
        }

        public override void Write(byte[] buffer, int offset, int count) => Write(buffer.AsSpan(offset, count));

        public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
        {
            Write(buffer.Span);
            return ValueTask.CompletedTask;
        }

        protected override void Dispose(bool disposing)
        {
            hash.Dispose();
            line.Dispose();
            target.Dispose();
            base.Dispose(disposing);
        }

        /// <summary><c>ID blob SIZE</c>; anything else means that it is not there.</summary>
        private void Begin()
        {
            var words = Encoding.ASCII.GetString(line.GetBuffer(), 0, (int)line.Length).Split(' ');
            line.SetLength(0);
            if (words is [_, "blob", var size])
                left = long.Parse(size, System.Globalization.CultureInfo.InvariantCulture);
            else
                index++;
        }

        private void End()
        {
            var sha = Convert.ToHexStringLower(hash.GetHashAndReset());
            Values[blobs[index].Id] = blobs[index].IsLink ? Strict.GetString(target.GetBuffer(), 0, (int)target.Length) : sha;
            target.SetLength(0);
            index++;
            left = -1;
        }

        public override bool CanRead => false;

        public override bool CanSeek => false;

        public override bool CanWrite => true;

        public override long Length => throw new NotSupportedException();

        public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

        public override void Flush()
        {
        }

        public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();
    }
}
