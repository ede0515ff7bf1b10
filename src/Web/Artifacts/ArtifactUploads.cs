using System.Collections.Concurrent;
using PRTS.Api.Artifacts;
using PRTS.Contracts.Builds;
using PRTS.Storage.Artifacts;

namespace PRTS.Web.Artifacts;

/// <summary>
/// The uploads that this server takes part in. Remembers what each has, so that every file need not ask for all others; forgets when it
/// is complete, or when others need the room.
/// </summary>
public sealed class ArtifactUploads(ArtifactsReadModel artifacts, TimeProvider time)
{
    private const int Most = 200;
    private readonly ConcurrentDictionary<(AttemptId Attempt, string Name), RunningUpload> running = new();

    public async Task<RunningUpload> Open(AttemptId attempt, string name, CancellationToken cancellationToken)
    {
        if (!running.TryGetValue((attempt, name), out var upload))
        {
            if (running.Count >= Most)
            {
                foreach (var old in running.OrderBy(entry => entry.Value.UsedAt).Take(Most / 4)) running.TryRemove(old);
            }

            var begun = await artifacts.BeginUpload(attempt, name, cancellationToken);
            upload = running.GetOrAdd((attempt, name), new RunningUpload(begun, await artifacts.Uploaded(begun.Id, cancellationToken)));
        }

        upload.UsedAt = time.GetUtcNow();
        return upload;
    }

    public async Task<ArtifactSummary?> Complete(AttemptId attempt, string name, CancellationToken cancellationToken)
    {
        var upload = await Open(attempt, name, cancellationToken);
        var summary = await artifacts.Complete(upload.Id, cancellationToken);
        running.TryRemove((attempt, name), out _);
        return summary;
    }
}

public sealed class RunningUpload
{
    private readonly ConcurrentDictionary<string, StoredFile> files;
    private long size;

    public RunningUpload(ArtifactUpload begun, IReadOnlyList<StoredFile> uploaded)
    {
        (Id, Completed) = (begun.Id, begun.Completed);
        files = new(uploaded.Select(stored => KeyValuePair.Create(stored.File.Path, stored)), StringComparer.Ordinal);
        size = uploaded.Sum(stored => stored.File.Size);
    }

    public long Id { get; }
    public bool Completed { get; }
    public DateTimeOffset UsedAt { get; set; }
    public int Count => files.Count;

    /// <summary>Bytes of all files so far.</summary>
    public long Size => Interlocked.Read(ref size);

    public IReadOnlyList<ArtifactFile> Files => [.. files.Values.Select(stored => stored.File).OrderBy(file => file.Path, StringComparer.Ordinal)];

    public StoredFile? Find(string path) => files.GetValueOrDefault(path);

    public void Add(StoredFile stored)
    {
        files.TryGetValue(stored.File.Path, out var old);
        files[stored.File.Path] = stored;
        Interlocked.Add(ref size, stored.File.Size - (old?.File.Size ?? 0));
    }
}
