using System.Text;
using PRTS.Api.Builds;
using PRTS.Execution.Artifacts;
using PRTS.Execution.Steps;
using PRTS.Execution.Workspaces;
using PRTS.Pipelines.Planning;
using PRTS.Supervisor.Masking;

namespace PRTS.Execution.Jobs;

/// <summary>Runs a step that adds jobs to the build. It has no process; repeating it after an interruption is harmless.</summary>
internal sealed class GenerateStep(JobAssignment job, IJobSink sink, Workspace workspace, Retry retry, Masks masks)
{
    private const int MostNamed = 10;

    /// <returns>What the step did, in words.</returns>
    /// <exception cref="ScopeException">An expression cannot be evaluated.</exception>
    /// <exception cref="ArtifactRefusedException">There is no such file, or it has errors.</exception>
    public async Task<string> Run(PlannedStep step, StepScope scope, CancellationToken ct)
    {
        var path = scope.Render(step.Generate!, scope.Environment(step), "the file's path");
        var found = new ArtifactCollector(workspace).Collect(path);
        if (found.Files is not [var file])
            throw new ArtifactRefusedException(found.Files.Count > 1 ? $"'{path}' is not one file but {found.Files.Count}" : $"there is no file '{path}' in the workspace: a step before this one has to write it");
        if (file.Size > GeneratedJobs.MostBytes)
            throw new ArtifactRefusedException($"'{path}' has {file.Size} bytes; it may have {GeneratedJobs.MostBytes}");
        var content = await Read(file, ct);
        if (masks.Contains(path) || masks.Contains(Encoding.UTF8.GetString(content)))
            throw new ArtifactRefusedException("the file contains a secret, and the jobs of a build are there for everybody to read: name the secret in it instead");
        var names = await retry.Forever("generate jobs", token => sink.Generate(job, step.Index, path, content, token), ct);
        return names.Count switch
        {
            0 => "no jobs",
            <= MostNamed => $"{Count(names)}: {string.Join(", ", names)}",
            _ => $"{Count(names)}: {string.Join(", ", names.Take(MostNamed))} and {names.Count - MostNamed} more",
        };
    }

    private static string Count(IReadOnlyList<string> names) => names.Count == 1 ? "1 job" : $"{names.Count} jobs";

    private static async Task<byte[]> Read(ArtifactUploadFile file, CancellationToken ct)
    {
        try
        {
            await using var stream = file.Open();
            var buffer = new byte[GeneratedJobs.MostBytes];
            return buffer[..await stream.ReadAtLeastAsync(buffer, buffer.Length, throwOnEndOfStream: false, ct)];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new ArtifactRefusedException(e.Message, e);
        }
    }
}
