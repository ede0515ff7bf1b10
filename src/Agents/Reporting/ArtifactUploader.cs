using System.Globalization;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using PRTS.Api.Builds;
using PRTS.Execution.Artifacts;

namespace PRTS.Agents.Reporting;

/// <summary>
/// Uploads an artifact file by file with the attempt's token (docs/api.md). A file that broke off goes on where the store has it; the
/// store checks the hash; the artifact shows when it is complete.
/// </summary>
public sealed class ArtifactUploader(AttemptHttp http)
{
    public async Task Upload(JobAssignment job, ArtifactUpload upload, CancellationToken cancellationToken)
    {
        var artifact = $"{AttemptHttp.BuildOf(job)}/jobs/{job.Attempt.Split('/')[^2]}/artifacts/{Uri.EscapeDataString(upload.Name)}";
        await http.Send(job, HttpMethod.Post, artifact, null, cancellationToken);
        foreach (var file in upload.Files)
            await UploadFile(job, artifact, file, cancellationToken);
        await http.Send(job, HttpMethod.Post, $"{artifact}/complete", null, cancellationToken);
    }

    private async Task UploadFile(JobAssignment job, string artifact, ArtifactUploadFile file, CancellationToken cancellationToken)
    {
        await using var content = file.Open();
        var hash = Convert.ToHexStringLower(await SHA256.HashDataAsync(content, cancellationToken));
        var address = $"{artifact}/files?path={Uri.EscapeDataString(file.Path)}&sha256={hash}&executable={(file.Executable ? "true" : "false")}";
        var offset = await Held(job, address, cancellationToken);
        content.Position = offset;
        var body = new StreamContent(content);
        body.Headers.ContentType = new MediaTypeHeaderValue("application/octet-stream");
        await http.Send(job, HttpMethod.Put, $"{address}&offset={offset.ToString(CultureInfo.InvariantCulture)}", body, cancellationToken);
    }

    /// <summary>How much of the file an earlier try has brought over.</summary>
    private async Task<long> Held(JobAssignment job, string address, CancellationToken cancellationToken)
    {
        using var response = await http.Ask(job, HttpMethod.Head, address, cancellationToken);
        return response.IsSuccessStatusCode && response.Headers.TryGetValues("Upload-Offset", out var values)
            ? long.Parse(values.First(), CultureInfo.InvariantCulture)
            : 0;
    }
}
