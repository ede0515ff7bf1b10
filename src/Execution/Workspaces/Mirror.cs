using System.Collections.Concurrent;
using PRTS.Api.Builds;
using PRTS.Execution.Jobs;
using PRTS.Execution.Native;
using PRTS.Execution.Users;

namespace PRTS.Execution.Workspaces;

/// <summary>A project's bare mirror on this machine, from which workspaces are made without the network.</summary>
internal sealed class Mirror
{
    private const int Tries = 4;
    private const int ManyPacks = 30;
    private const int ManyHaves = 256;
    private static readonly TimeSpan PatienceWithServer = TimeSpan.FromMinutes(5);
    private static readonly ConcurrentDictionary<string, Gate> Gates = new(StringComparer.Ordinal);
    private readonly JobAssignment job;
    private readonly TimeProvider clock;

    public Mirror(ExecutionOptions options, JobAssignment job, TimeProvider clock)
    {
        this.job = job;
        this.clock = clock;
        Path = System.IO.Path.Combine(options.MirrorsDirectory, SafeName(job.Org), SafeName(job.Project) + ".git");
    }

    public string Path { get; }

    public string Packs => System.IO.Path.Combine(Path, "objects", "pack");

    private string PackedRefs => System.IO.Path.Combine(Path, "packed-refs");

    public string Url => RemoteUrl(job);

    public static string RemoteUrl(JobAssignment job) => $"{job.ServerUrl.TrimEnd('/')}/git/{job.Org}/{job.Project}.git";

    /// <summary>The lines of the packed refs, in git's format.</summary>
    public IEnumerable<string> RefLines => File.Exists(PackedRefs) ? File.ReadLines(PackedRefs).Where(line => !line.StartsWith('#')) : [];

    /// <summary>Whether a branch or tag was at the commit when the mirror was brought up to date.</summary>
    public bool HasAtTip(string commit) => Tips().Contains(commit);

    /// <summary>Brings the branches, the tags and the job's commit here. One fetch at a time per mirror, also among agent processes.</summary>
    /// <param name="anew">Trust nothing of what is here.</param>
    public async Task Fetch(bool anew, CancellationToken ct)
    {
        var gate = Gates.GetOrAdd(Path, _ => new());
        var before = gate.Fetches;
        await gate.Turn.WaitAsync(ct);
        try
        {
            // Jobs of a build begin together, and one fetch serves them all.
            if (!anew && gate.Fetches != before && HasAtTip(job.Event.Commit))
                return;
            Directory.CreateDirectory(System.IO.Path.GetDirectoryName(Path)!, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
            using var fileLock = await Task.Factory.StartNew(() => Linux.OpenLocked(Path + ".lock"), ct, TaskCreationOptions.LongRunning, TaskScheduler.Default);
            await FetchPatiently(anew, ct);
            gate.Fetches++;
        }
        finally
        {
            gate.Turn.Release();
        }
    }

    /// <summary>The control plane may be starting: that passes. A mirror that stays broken is made anew, once.</summary>
    private async Task FetchPatiently(bool anew, CancellationToken ct)
    {
        var begin = clock.GetTimestamp();
        for (var failures = 1; ; failures++)
        {
            try
            {
                if (anew && Directory.Exists(Path))
                    Directory.Delete(Path, recursive: true);
                anew = false;
                await FetchOnce(ct);
                return;
            }
            catch (Exception e) when (e is HttpRequestException or HttpIOException && clock.GetElapsedTime(begin) < PatienceWithServer)
            {
                await Task.Delay(TimeSpan.FromMilliseconds(Math.Min(200 * failures, 5000)), clock, ct);
            }
            catch (Exception e) when (e is HttpRequestException or HttpIOException)
            {
                throw new GitException($"{Url} could not be read: {e.Message}");
            }
            catch (GitException e) when (e is not GitRefusedException && failures < Tries)
            {
                anew = failures == Tries - 1;
                await Task.Delay(TimeSpan.FromMilliseconds(100 * failures), clock, ct);
            }
        }
    }

    /// <summary>The refs are written when all they stand for is here, so an end between any two lines does no harm.</summary>
    private async Task FetchOnce(CancellationToken ct)
    {
        if (!Directory.Exists(Path))
            await Create(ct);
        var remote = new GitRemote(Url, job.Token);
        var theirs = await remote.ListRefs(ct);
        var ours = Tips();
        string[] wants = [.. theirs.Select(reference => reference.Id).Append(job.Event.Commit).Where(id => !ours.Contains(id)).Distinct()];
        if (wants.Length > 0)
            await Run(["index-pack", "--stdin", "--fix-thin"], ct, pack => remote.Fetch(wants, ours.Take(ManyHaves), pack, ct));
        Write(theirs);
        if (Directory.GetFiles(Packs, "*.pack").Length > ManyPacks)
            await Run(["repack", "-a", "-d", "-k", "-q"], ct);
    }

    private void Write(IEnumerable<RemoteRef> refs)
    {
        var lines = refs.Select(reference => $"{reference.Id} {reference.Name}\n{(reference.Peeled is { } peeled ? $"^{peeled}\n" : "")}");
        File.WriteAllText(PackedRefs + ".new", "# pack-refs with: peeled fully-peeled \n" + string.Concat(lines));
        File.Move(PackedRefs + ".new", PackedRefs, overwrite: true);
    }

    private HashSet<string> Tips() => [.. RefLines.Select(line => line.TrimStart('^').Split(' ')[0])];

    private async Task Create(CancellationToken ct)
    {
        var unfinished = Path + ".new";
        if (Directory.Exists(unfinished))
            Directory.Delete(unfinished, recursive: true);
        await Git.Run(System.IO.Path.GetDirectoryName(Path)!, JobUser.Own, ["init", "--quiet", "--bare", "--template=", unfinished], [], ct);
        Directory.Move(unfinished, Path);
    }

    private Task Run(IReadOnlyList<string> arguments, CancellationToken ct, Func<Stream, Task>? input = null) =>
        Git.Run(Path, JobUser.Own, arguments, [("gc.auto", "0"), ("core.fsync", "none")], ct, input);

    private sealed class Gate
    {
        public SemaphoreSlim Turn { get; } = new(1);

        /// <summary>Those that succeeded. Written by whose turn it is.</summary>
        public volatile int Fetches;
    }

    private static string SafeName(string name) =>
        name.Length > 0 && name[0] != '.' && name.All(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '_' or '-')
            ? name
            : throw new GitException($"'{name}' is no name of an organization or project");
}
