using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using PRTS.Api.Builds;
using PRTS.Execution.Artifacts;
using PRTS.Execution.Connection;

namespace PRTS.Agents.Reporting;

/// <summary>Requests to the control plane with an attempt's token (docs/api.md).</summary>
public sealed class AttemptHttp : IDisposable
{
    /// <summary>No overall time-out: a large file takes its time. A stalled one fails by the connection's own limits and is resumed.</summary>
    private readonly HttpClient http = new(ServerTrust.Handler()) { Timeout = Timeout.InfiniteTimeSpan };

    /// <summary>The address of the build that the attempt belongs to.</summary>
    public static string BuildOf(JobAssignment job) =>
        $"{job.ServerUrl}/api/v1/projects/{job.Org}/{job.Project}/builds/{job.Number.ToString(CultureInfo.InvariantCulture)}";

    /// <summary>The answer as soon as its headers are there, whatever its status.</summary>
    public async Task<HttpResponseMessage> Ask(JobAssignment job, HttpMethod method, string address, CancellationToken cancellationToken, HttpContent? content = null)
    {
        using var request = Request(job, method, address);
        request.Content = content;
        return await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
    }

    public async Task Send(JobAssignment job, HttpMethod method, string address, HttpContent? content, CancellationToken cancellationToken)
    {
        using var request = Request(job, method, address);
        request.Content = content;
        using var response = await http.SendAsync(request, cancellationToken);
        await Check(response, cancellationToken);
    }

    /// <exception cref="ArtifactRefusedException">Asking again would not help.</exception>
    /// <exception cref="HttpRequestException">It may.</exception>
    public static async Task Check(HttpResponseMessage response, CancellationToken cancellationToken)
    {
        if (response.IsSuccessStatusCode)
            return;
        var detail = Problem(await response.Content.ReadAsStringAsync(cancellationToken));
        if (response.StatusCode is HttpStatusCode.BadRequest or HttpStatusCode.RequestEntityTooLarge or HttpStatusCode.Conflict or HttpStatusCode.Forbidden)
            throw new ArtifactRefusedException(detail);
        throw new HttpRequestException($"{response.RequestMessage?.Method} {response.RequestMessage?.RequestUri}: {(int)response.StatusCode} {detail}", null, response.StatusCode);
    }

    public void Dispose() => http.Dispose();

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
