using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text.Json;
using PRTS.Agents.Connection;
using PRTS.Api.Builds;
using PRTS.Execution.Artifacts;

namespace PRTS.Agents.Reporting;

/// <summary>
/// Uploads an artifact file by file with the attempt's token (docs/api.md). A file that broke off goes on where the store has it; the
/// store checks the hash; the artifact shows when it is complete.
/// </summary>
public sealed class ArtifactUploader : IDisposable
{
    /// <summary>No overall time-out: a large file takes its time. A stalled one fails by the connection's own limits and is resumed.</summary>
    private readonly HttpClient http = new(new SocketsHttpHandler { ConnectTimeout = TimeSpan.FromSeconds(5) }) { Timeout = Timeout.InfiniteTimeSpan };

    public async Task Upload(JobAssignment job, ArtifactUpload upload, CancellationToken cancellationToken)
    {
        var attempt = job.Attempt.Split('/');
        var artifact = $"{job.ServerUrl}/api/v1/projects/{job.Org}/{job.Project}/builds/{job.Number.ToString(CultureInfo.InvariantCulture)}" +
            $"/jobs/{attempt[^2]}/artifacts/{Uri.EscapeDataString(upload.Name)}";
        await Send(job, HttpMethod.Post, artifact, null, cancellationToken);
        foreach (var file in upload.Files)
            await UploadFile(job, artifact, file, cancellationToken);
        await Send(job, HttpMethod.Post, $"{artifact}/complete", null, cancellationToken);
    }

    public void Dispose() => http.Dispose();

    private async Task UploadFile(JobAssignment job, string artifact, ArtifactUploadFile file, CancellationToken cancellationToken)
    {
        await using var content = file.Open();
        var hash = Convert.ToHexStringLower(await SHA256.HashDataAsync(content, cancellationToken));
        var address = $"{artifact}/files?path={Uri.EscapeDataString(file.Path)}&sha256={hash}&executable={(file.Executable ? "true" : "false")}";
        var offset = await Held(job, address, cancellationToken);
        content.Position = offset;
        var body = new StreamContent(content);
        body.Headers.ContentType = new MediaTypeHeaderValue("application/octet-stream");
        await Send(job, HttpMethod.Put, $"{address}&offset={offset.ToString(CultureInfo.InvariantCulture)}", body, cancellationToken);
    }

    /// <summary>How much of the file an earlier try has brought over.</summary>
    private async Task<long> Held(JobAssignment job, string address, CancellationToken cancellationToken)
    {
        using var request = Request(job, HttpMethod.Head, address);
        using var response = await http.SendAsync(request, cancellationToken);
        return response.IsSuccessStatusCode && response.Headers.TryGetValues("Upload-Offset", out var values)
            ? long.Parse(values.First(), CultureInfo.InvariantCulture)
            : 0;
    }

    private async Task Send(JobAssignment job, HttpMethod method, string address, HttpContent? content, CancellationToken cancellationToken)
    {
        using var request = Request(job, method, address);
        request.Content = content;
        using var response = await http.SendAsync(request, cancellationToken);
        if (response.IsSuccessStatusCode)
            return;
        var detail = Problem(await response.Content.ReadAsStringAsync(cancellationToken));
        if (response.StatusCode is HttpStatusCode.BadRequest or HttpStatusCode.RequestEntityTooLarge or HttpStatusCode.Conflict or HttpStatusCode.Forbidden)
            throw new ArtifactRefusedException(detail);
        throw new HttpRequestException($"{method} {address}: {(int)response.StatusCode} {detail}", null, response.StatusCode);
    }

    private static HttpRequestMessage Request(JobAssignment job, HttpMethod method, string address) =>
        new(method, address) { Headers = { Authorization = new AuthenticationHeaderValue("Bearer", job.Token) } };

    private static string Problem(string body)
    {
        try
        {
            using var json = JsonDocument.Parse(body);
            return json.RootElement.TryGetProperty("detail", out var detail) ? detail.GetString() ?? body : body;
        }
        catch (JsonException)
        {
            return body;
        }
    }
}
