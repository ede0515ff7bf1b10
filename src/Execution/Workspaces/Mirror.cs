using System.Collections.Concurrent;
using System.Text;
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
    private const string HeadRefs = "+refs/heads/*:refs/heads/*";
    private const string TagRefs = "+refs/tags/*:refs/tags/*";
    private static readonly TimeSpan PatienceWithServer = TimeSpan.FromMinutes(5);
    private static readonly TimeSpan StaleLock = TimeSpan.FromMinutes(10);
    private static readonly ConcurrentDictionary<string, SemaphoreSlim> Gates = new(StringComparer.Ordinal);
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

    public bool Exists => File.Exists(System.IO.Path.Combine(Path, "packed-refs"));

    public string Url => RemoteUrl(job);

    public static string RemoteUrl(JobAssignment job) => $"{job.ServerUrl.TrimEnd('/')}/git/{job.Org}/{job.Project}.git";

    /// <summary>Brings the job's commit here. One fetch at a time per mirror, also among agent processes.</summary>
    public async Task Fetch(CancellationToken ct)
    {
        var gate = Gates.GetOrAdd(Path, _ => new(1));
        await gate.WaitAsync(ct);
        try
        {
            Directory.CreateDirectory(System.IO.Path.GetDirectoryName(Path)!, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
            using var fileLock = await Task.Factory.StartNew(() => Linux.OpenLocked(Path + ".lock"), ct, TaskCreationOptions.LongRunning, TaskScheduler.Default);
            await FetchPatiently(ct);
        }
        finally
        {
            gate.Release();
        }
    }

    /// <summary>
    /// A ref may move while git fetches it, and the control plane may be starting: both pass. A mirror that stays broken is made anew, once.
    /// </summary>
    private async Task FetchPatiently(CancellationToken ct)
    {
        var begin = clock.GetTimestamp();
        for (var failures = 1; ; failures++)
        {
            try
            {
                await FetchOnce(ct);
                return;
            }
            catch (GitException e) when (IsAway(e.Message) && clock.GetElapsedTime(begin) < PatienceWithServer)
            {
                await Task.Delay(TimeSpan.FromMilliseconds(Math.Min(200 * failures, 5000)), clock, ct);
            }
            catch (GitException e) when (!IsAway(e.Message) && failures < Tries)
            {
                RemoveStaleLocks();
                if (failures == Tries - 1 && Directory.Exists(Path))
                    Directory.Delete(Path, recursive: true);
                await Task.Delay(TimeSpan.FromMilliseconds(100 * failures), clock, ct);
            }
        }
    }

    private async Task FetchOnce(CancellationToken ct)
    {
        if (!Directory.Exists(Path))
            await Create(ct);
        await Run(["fetch", "--quiet", "--force", "--prune", "--no-tags", "--no-auto-gc", Url, HeadRefs, TagRefs], Credential(), ct);
        try
        {
            await Run(["cat-file", "-e", job.Event.Commit + "^{tree}"], [], ct);
        }
        catch (GitException)
        {
            // The branch has moved on without this commit; ask for it by name and keep it.
            await Run(["fetch", "--quiet", "--force", "--no-tags", "--no-auto-gc", Url, $"+{job.Event.Commit}:refs/prts/{job.Event.Commit}"], Credential(), ct);
        }
        await Run(["pack-refs", "--all"], [], ct);
        if (Directory.GetFiles(Packs, "*.pack").Length > ManyPacks)
            await Run(["repack", "-a", "-d", "-k", "-q"], [], ct);
    }

    private async Task Create(CancellationToken ct)
    {
        var unfinished = Path + ".new";
        if (Directory.Exists(unfinished))
            Directory.Delete(unfinished, recursive: true);
        await Git.Run(System.IO.Path.GetDirectoryName(Path)!, JobUser.Own, ["init", "--quiet", "--bare", "--template=", unfinished], [], ct);
        Directory.Move(unfinished, Path);
    }

    private Task Run(IReadOnlyList<string> arguments, IReadOnlyList<(string, string)> settings, CancellationToken ct) =>
        // Everything in packs: a workspace links a handful of files instead of thousands.
        Git.Run(Path, JobUser.Own, arguments, [("fetch.unpackLimit", "1"), ("gc.auto", "0"), ("core.fsync", "none"), .. settings], ct);

    private (string, string)[] Credential()
    {
        var basic = Convert.ToBase64String(Encoding.UTF8.GetBytes("job:" + job.Token));
        return [($"http.{job.ServerUrl.TrimEnd('/')}/.extraHeader", "Authorization: Basic " + basic)];
    }

    private void RemoveStaleLocks()
    {
        if (!Directory.Exists(Path))
            return;
        foreach (var file in Directory.EnumerateFiles(Path, "*.lock", SearchOption.AllDirectories))
        {
            if (clock.GetUtcNow().UtcDateTime - File.GetLastWriteTimeUtc(file) > StaleLock)
                File.Delete(file);
        }
    }

    private static bool IsAway(string error) =>
        error.Contains("Failed to connect", StringComparison.Ordinal)
        || error.Contains("Couldn't connect", StringComparison.Ordinal)
        || error.Contains("Connection refused", StringComparison.Ordinal)
        || error.Contains("Could not resolve host", StringComparison.Ordinal)
        || error.Contains("Empty reply from server", StringComparison.Ordinal)
        || error.Contains("Connection reset", StringComparison.Ordinal)
        || error.Contains("returned error: 502", StringComparison.Ordinal)
        || error.Contains("returned error: 503", StringComparison.Ordinal);

    private static string SafeName(string name) =>
        name.Length > 0 && name[0] != '.' && name.All(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '_' or '-')
            ? name
            : throw new GitException($"'{name}' is no name of an organization or project");
}
