using System.Globalization;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;
using PRTS.Api;
using PRTS.Api.Builds;

namespace PRTS.Agents.Reporting;

/// <summary>Adds jobs to a build with the attempt's token (docs/api.md).</summary>
public sealed class GenerateClient(AttemptHttp http)
{
    /// <summary>Names of the jobs.</summary>
    public async Task<IReadOnlyList<string>> Generate(JobAssignment job, int step, string file, byte[] content, CancellationToken cancellationToken)
    {
        var address = $"{AttemptHttp.BuildOf(job)}/jobs/{job.Attempt.Split('/')[^2]}/generate?step={step.ToString(CultureInfo.InvariantCulture)}&file={Uri.EscapeDataString(file)}";
        var body = new ByteArrayContent(content);
        body.Headers.ContentType = new MediaTypeHeaderValue("application/yaml");
        using var response = await http.Ask(job, HttpMethod.Post, address, cancellationToken, body);
        await AttemptHttp.Check(response, cancellationToken);
        return await response.Content.ReadFromJsonAsync<List<string>>(ApiJson.Options, cancellationToken) ?? throw new JsonException($"{address} answered null.");
    }
}
