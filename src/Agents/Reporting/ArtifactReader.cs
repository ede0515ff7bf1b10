using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using PRTS.Api;
using PRTS.Api.Artifacts;
using PRTS.Api.Builds;
using PRTS.Execution.Artifacts;

namespace PRTS.Agents.Reporting;

/// <summary>Fetches what other jobs of an attempt's build kept, with the attempt's token.</summary>
public sealed class ArtifactReader(AttemptHttp http)
{
    public Task<IReadOnlyList<ArtifactSummary>> List(JobAssignment job, CancellationToken cancellationToken) =>
        Get<ArtifactSummary>(job, $"{AttemptHttp.BuildOf(job)}/artifacts", cancellationToken);

    public async Task<IReadOnlyList<ArtifactFile>> Files(JobAssignment job, ArtifactSummary artifact, CancellationToken cancellationToken)
    {
        // An artifact without files has no list of them.
        return artifact.Files == 0 ? [] : await Get<ArtifactFile>(job, $"{AddressOf(job, artifact)}/files", cancellationToken);
    }

    public async Task Download(JobAssignment job, ArtifactSummary artifact, ArtifactFile file, Stream target, CancellationToken cancellationToken)
    {
        var path = string.Join('/', file.Path.Split('/').Select(Uri.EscapeDataString));
        using var response = await http.Ask(job, HttpMethod.Get, $"{AddressOf(job, artifact)}/files/{path}", cancellationToken);
        if (response.StatusCode == HttpStatusCode.NotFound)
            throw new ArtifactRefusedException($"the artifact '{artifact.Name}' of {artifact.Job} is gone");
        await AttemptHttp.Check(response, cancellationToken);
        await response.Content.CopyToAsync(target, cancellationToken);
    }

    private static string AddressOf(JobAssignment job, ArtifactSummary artifact) =>
        $"{AttemptHttp.BuildOf(job)}/jobs/{artifact.Job}/artifacts/{Uri.EscapeDataString(artifact.Name)}";

    private async Task<IReadOnlyList<T>> Get<T>(JobAssignment job, string address, CancellationToken cancellationToken)
    {
        using var response = await http.Ask(job, HttpMethod.Get, address, cancellationToken);
        await AttemptHttp.Check(response, cancellationToken);
        return await response.Content.ReadFromJsonAsync<List<T>>(ApiJson.Options, cancellationToken) ?? throw new JsonException($"{address} answered null.");
    }
}
