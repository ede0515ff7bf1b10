using System.Security.Cryptography;
using PRTS.Api;
using PRTS.Api.Artifacts;
using PRTS.Api.Builds;
using PRTS.Execution.Artifacts;
using PRTS.Execution.Native;
using PRTS.Execution.Steps;
using PRTS.Execution.Workspaces;
using PRTS.Pipelines.Planning;

namespace PRTS.Execution.Jobs;

/// <summary>Runs a step that puts files into the workspace which other jobs kept. It has no process; repeating it after an interruption is harmless.</summary>
internal sealed class DownloadStep(JobAssignment job, IJobSink sink, Workspace workspace, Retry retry)
{
    private const int AtOnce = 8;
    private readonly WorkspaceWriter writer = new(workspace);

    /// <returns>What the step did, in words.</returns>
    /// <exception cref="ScopeException">An expression cannot be evaluated, or what it gives cannot be.</exception>
    /// <exception cref="ArtifactRefusedException">There is no such artifact, or it cannot be put here.</exception>
    public async Task<string> Run(PlannedStep step, PlannedDownload download, StepScope scope, CancellationToken ct)
    {
        var environment = scope.Environment(step);
        var asked = scope.Render(download.Name, environment, "the artifact's name");
        var folder = scope.Render(download.Path, environment, "the folder");
        if (folder.StartsWith('/') || folder.Split('/').Contains("..", StringComparer.Ordinal))
            throw new ScopeException($"the folder '{folder}' is outside of the workspace; give one relative to it");
        var kept = await retry.Forever("list the artifacts", token => sink.ListArtifacts(job, token), ct);
        var (files, size) = (0, 0L);
        foreach (var artifact in Choose(asked, download, kept))
        {
            var target = PlannedDownload.IsPattern(asked) ? $"{folder}/{artifact.Name}" : folder;
            var list = await retry.Forever("list an artifact's files", token => sink.ListFiles(job, artifact, token), ct);
            await Parallel.ForEachAsync(list, new ParallelOptions { MaxDegreeOfParallelism = AtOnce, CancellationToken = ct },
                async (file, token) => await retry.Forever("download a file", again => Fetch(artifact, file, $"{target}/{file.Path}", again), token));
            files += list.Count;
            size += list.Sum(file => file.Size);
        }

        return $"{files} {(files == 1 ? "file" : "files")}, {size} bytes";
    }

    private static IReadOnlyList<ArtifactSummary> Choose(string asked, PlannedDownload download, IReadOnlyList<ArtifactSummary> kept)
    {
        var found = kept.Where(artifact => download.Jobs.Contains(artifact.Job, StringComparer.Ordinal) && PlannedDownload.Matches(asked, artifact.Name)).ToList();
        if (found.Count == 0)
            throw new ArtifactRefusedException($"no artifact '{asked}' was kept by {string.Join(", ", download.Jobs)}");
        var several = found.GroupBy(artifact => artifact.Name, StringComparer.Ordinal).FirstOrDefault(same => same.Count() > 1);
        return several is null ? found : throw new ArtifactRefusedException(
            $"an artifact '{several.Key}' was kept by {string.Join(" and by ", several.Select(artifact => artifact.Job))}: say which with 'job', or give each another name");
    }

    private async Task<bool> Fetch(ArtifactSummary artifact, ArtifactFile file, string path, CancellationToken ct)
    {
        FileStream target;
        try
        {
            target = writer.Create(path, file.Executable);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new ArtifactRefusedException(e.Message, e);
        }

        await using (target)
        {
            using var hash = SHA256.Create();
            await using var hashed = new CryptoStream(target, hash, CryptoStreamMode.Write, leaveOpen: true);
            try
            {
                await sink.Download(job, artifact, file, hashed, ct);
                await hashed.FlushFinalBlockAsync(ct);
            }
            catch (IOException e) when (Linux.IsFull(e))
            {
                throw new ArtifactRefusedException($"'{path.TrimStart('/')}' cannot be written: {e.Message}", e);
            }

            if (file.Sha256.Length > 0 && !Convert.ToHexStringLower(hash.Hash!).Equals(file.Sha256, StringComparison.Ordinal))
                throw new IOException($"{path} arrived damaged");
        }

        return true;
    }
}
