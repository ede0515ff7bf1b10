using System.Text;
using System.Text.RegularExpressions;
using PRTS.Contracts.Projects;

namespace PRTS.Storage.Git;

/// <summary>The bare repositories of projects, at <c>root/tenant/org/name.git</c>, through the git command line.</summary>
public sealed partial class Repositories(string root)
{
    private const int MaxPipelineFiles = 50;

    /// <summary>One byte more than the parser takes: it says which file is too large, and the others are read.</summary>
    private const int MaxPipelineBytes = (1 << 20) + 1;
    private const int MaxCommitBytes = 4 << 20;
    private const int MaxTreeBytes = 4 << 20;

    /// <summary>More changed paths than this count as unknown, and then path filters match.</summary>
    private const int MaxChangedPaths = 10_000;

    /// <summary>
    /// Pushes over HTTP, fetches of exact commits (builds of commits that no branch has any more), pushes that are on disk when they are
    /// accepted, and gc that ends before the push does, so that nothing runs unseen after it.
    /// </summary>
    private const string Settings = """
        [http]
            receivepack = true
        [receive]
            fsckObjects = true
        [uploadpack]
            allowFilter = true
            allowAnySHA1InWant = true
        [core]
            fsync = committed,reference
            fsyncMethod = batch
        [gc]
            autoDetach = false

        """;

    private readonly string root = System.IO.Path.GetFullPath(root);

    /// <summary>Where the project's repository is, or will be.</summary>
    public string Path(ProjectId id) => System.IO.Path.Combine(root, Safe(id.Tenant), Safe(id.Org), Safe(id.Name) + ".git");

    public bool Exists(ProjectId id) => Directory.Exists(Path(id));

    /// <summary>Makes an empty repository. Does nothing when it is there.</summary>
    public async Task Create(ProjectId id, string defaultBranch = "main", CancellationToken cancellationToken = default)
    {
        var path = Path(id);
        if (Directory.Exists(path)) return;
        var parent = System.IO.Path.GetDirectoryName(path)!;
        Directory.CreateDirectory(parent);
        // Made beside it and renamed: a repository is there with all its settings or not at all. No project's name begins with a dot.
        var making = System.IO.Path.Combine(parent, $".{id.Name}.{Guid.NewGuid():N}");
        try
        {
            await GitCommand.Run(parent, cancellationToken, "init", "--quiet", "--bare", "--template=", $"--initial-branch={defaultBranch}", making);
            await File.AppendAllTextAsync(System.IO.Path.Combine(making, "config"), Settings, cancellationToken);
            try
            {
                Directory.Move(making, path);
            }
            catch (IOException) when (Directory.Exists(path))
            {
                // Somebody else made it meanwhile.
            }
        }
        finally
        {
            if (Directory.Exists(making)) Directory.Delete(making, recursive: true);
        }
    }

    /// <summary>Branches and tags by full name, with the commit that each points to (tags peeled).</summary>
    public async Task<IReadOnlyDictionary<string, string>> Refs(ProjectId id, CancellationToken cancellationToken = default)
    {
        var output = await GitCommand.Run(
            Path(id), cancellationToken, "for-each-ref", "--format=%(objecttype) %(objectname) %(*objecttype) %(*objectname) %(refname)", "refs/heads", "refs/tags");
        var refs = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var line in Encoding.UTF8.GetString(output).Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            switch (line.Split(' ', 5))
            {
                case ["commit", var sha, _, _, var name]: refs.Add(name, sha); break;
                case ["tag", _, "commit", var sha, var name]: refs.Add(name, sha); break;
            }
        }

        return refs;
    }

    /// <summary>Every ref by full name, with the object that it points to (tags as they are).</summary>
    public async Task<IReadOnlyDictionary<string, string>> Objects(ProjectId id, CancellationToken cancellationToken = default)
    {
        var output = await GitCommand.Run(Path(id), cancellationToken, "for-each-ref", "--format=%(objectname) %(refname)");
        return Encoding.UTF8.GetString(output).Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => line.Split(' ', 2)).ToDictionary(line => line[1], line => line[0], StringComparer.Ordinal);
    }

    /// <summary>The commit and its pipeline files in one call; null when there is no such commit.</summary>
    public async Task<(CommitInfo Commit, IReadOnlyList<PipelineFile> Files)?> Snapshot(ProjectId id, string commit, CancellationToken cancellationToken = default)
    {
        if (!FullSha().IsMatch(commit)) return null;
        var (_, result, _) = await GitCommand.Talk(
            Path(id),
            ObjectReader.Command,
            async (input, output, cancel) =>
            {
                var reader = new ObjectReader(input, output, cancel);
                return await reader.Read(commit, MaxCommitBytes) is { Type: "commit" } found
                    ? (GitObjects.Commit(found), await ReadPipelineFiles(reader, commit))
                    : ((CommitInfo, IReadOnlyList<PipelineFile>)?)null;
            },
            cancellationToken);
        return result;
    }

    /// <summary>Null when there is no such commit.</summary>
    public async Task<CommitInfo?> CommitInfo(ProjectId id, string commit, CancellationToken cancellationToken = default) =>
        (await Snapshot(id, commit, cancellationToken))?.Commit;

    /// <summary>The files <c>.prts/*.yaml</c> and <c>.prts/*.yml</c> of a commit, by name.</summary>
    /// <exception cref="GitException">There are too many.</exception>
    public async Task<IReadOnlyList<PipelineFile>> PipelineFiles(ProjectId id, string commit, CancellationToken cancellationToken = default) =>
        (await Snapshot(id, commit, cancellationToken))?.Files ?? throw new GitException("cat-file", $"there is no commit {commit}");

    /// <summary>Paths that differ between two commits. Null: unknown, because the branch is new, the old commit is gone, or there are too many.</summary>
    public async Task<IReadOnlyList<string>?> ChangedPaths(ProjectId id, string? old, string @new, CancellationToken cancellationToken = default)
    {
        if (old is null || !FullSha().IsMatch(old) || old.All(digit => digit == '0') || !FullSha().IsMatch(@new)) return null;
        var (exitCode, output, errors) = await GitCommand.Try(Path(id), cancellationToken, "diff-tree", "-r", "--no-renames", "--name-only", "-z", old, @new);
        if (exitCode != 0)
        {
            return errors.Contains("bad object", StringComparison.Ordinal) ? null : throw new GitException("diff-tree", errors);
        }

        var paths = Encoding.UTF8.GetString(output).Split('\0', StringSplitOptions.RemoveEmptyEntries);
        return paths.Length > MaxChangedPaths ? null : paths;
    }

    /// <summary>Whether a commit is the tip or one of its ancestors. Both are full object ids.</summary>
    public async Task<bool> IsIn(ProjectId id, string commit, string tip, CancellationToken cancellationToken = default)
    {
        var (exitCode, _, errors) = await GitCommand.Try(Path(id), cancellationToken, "merge-base", "--is-ancestor", commit, tip);
        return exitCode is 0 or 1 ? exitCode == 0 : throw new GitException("merge-base", errors);
    }

    /// <summary>Finds a full ref, a branch's or tag's short name (branches first), or a commit by 7 to 40 hex digits.</summary>
    public async Task<ResolvedRef?> Resolve(ProjectId id, string refOrSha, CancellationToken cancellationToken = default)
    {
        if (!PlainName().IsMatch(refOrSha) || refOrSha.Contains("..", StringComparison.Ordinal) || refOrSha.Contains("@{", StringComparison.Ordinal)) return null;
        string[] refs = refOrSha.StartsWith("refs/", StringComparison.Ordinal) ? [refOrSha] : [$"refs/heads/{refOrSha}", $"refs/tags/{refOrSha}"];
        var (_, result, _) = await GitCommand.Talk(
            Path(id),
            ObjectReader.Command,
            async (input, output, cancel) =>
            {
                var reader = new ObjectReader(input, output, cancel);
                foreach (var name in refs)
                {
                    if (await reader.Read($"{name}^{{commit}}", MaxCommitBytes) is { } found) return new ResolvedRef(name, found.Sha);
                }

                return Sha().IsMatch(refOrSha) && await reader.Read($"{refOrSha}^{{commit}}", MaxCommitBytes) is { } commit ? new ResolvedRef(null, commit.Sha) : null;
            },
            cancellationToken);
        return result;
    }

    /// <summary>A file of a branch, tag or commit, cut where pipeline files are; null when there is no such commit.</summary>
    /// <param name="refOrSha">As for <see cref="Resolve"/>; null: the default branch.</param>
    /// <param name="path">From the root, without control characters.</param>
    public async Task<FileAtCommit?> ReadFile(ProjectId id, string? refOrSha, string path, CancellationToken cancellationToken = default)
    {
        if (path.Any(char.IsControl)) return null;
        // A whole hash needs no process of its own to be looked up.
        var name = refOrSha is null ? "HEAD" : FullSha().IsMatch(refOrSha) ? refOrSha : (await Resolve(id, refOrSha, cancellationToken))?.Sha;
        if (name is null) return null;
        var (_, result, _) = await GitCommand.Talk(
            Path(id),
            ObjectReader.Command,
            async (input, output, cancel) =>
            {
                var reader = new ObjectReader(input, output, cancel);
                if (await reader.Read($"{name}^{{commit}}", MaxCommitBytes) is not { } commit) return null;
                var file = await reader.Read($"{commit.Sha}:{path}", MaxPipelineBytes, cut: true);
                return new FileAtCommit(commit.Sha, file is { Type: "blob" } ? file.Content : (ReadOnlyMemory<byte>?)null);
            },
            cancellationToken);
        return result;
    }

    private static async Task<IReadOnlyList<PipelineFile>> ReadPipelineFiles(ObjectReader reader, string commit)
    {
        if (await reader.Read($"{commit}:.prts", MaxTreeBytes) is not { Type: "tree" } tree) return [];
        var entries = GitObjects.Tree(tree.Content)
            .Where(entry => entry.IsFile && (entry.Name.EndsWith(".yaml", StringComparison.Ordinal) || entry.Name.EndsWith(".yml", StringComparison.Ordinal)))
            .ToList();
        if (entries.Count > MaxPipelineFiles) throw new GitException("cat-file", $".prts has {entries.Count} pipeline files; the limit is {MaxPipelineFiles}");
        var files = new List<PipelineFile>();
        foreach (var entry in entries)
        {
            var blob = await reader.Read(entry.Sha, MaxPipelineBytes, cut: true) ?? throw new GitException("cat-file", $".prts/{entry.Name} is not in the repository");
            files.Add(new($".prts/{entry.Name}", blob.Content));
        }

        return files;
    }

    private static string Safe(string name) =>
        ProjectId.IsValidName(name) ? name : throw new ArgumentException($"'{name}' is no name of a tenant, organization or project: 1–64 of a-z 0-9 . _ -.", nameof(name));

    [GeneratedRegex(@"\A[0-9a-f]{40}\z", RegexOptions.CultureInvariant, matchTimeoutMilliseconds: 1000)]
    private static partial Regex FullSha();

    [GeneratedRegex(@"\A[0-9a-f]{7,40}\z", RegexOptions.CultureInvariant, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Sha();

    /// <summary>Names only: no revision expressions, which could walk or search the history.</summary>
    [GeneratedRegex(@"\A[^\x00-\x20\x7f~^:?*\[\\-][^\x00-\x20\x7f~^:?*\[\\]{0,250}\z", RegexOptions.CultureInvariant, matchTimeoutMilliseconds: 1000)]
    private static partial Regex PlainName();
}
