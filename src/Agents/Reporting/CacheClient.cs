using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;
using PRTS.Api;
using PRTS.Api.Builds;
using PRTS.Api.Caches;
using PRTS.Execution.Artifacts;
using PRTS.Execution.Caches;

namespace PRTS.Agents.Reporting;

/// <summary>Finds and keeps caches with the attempt's token (docs/api.md).</summary>
public sealed class CacheClient(AttemptHttp http)
{
    public async Task<CacheEntry?> Find(JobAssignment job, string key, IReadOnlyList<string> beginnings, CancellationToken cancellationToken)
    {
        var query = string.Concat(beginnings.Select(text => $"&restore_key={Uri.EscapeDataString(text)}"));
        using var response = await http.Ask(job, HttpMethod.Get, $"{AddressOf(job)}?key={Uri.EscapeDataString(key)}{query}", cancellationToken);
        await AttemptHttp.Check(response, cancellationToken);
        return response.StatusCode == HttpStatusCode.NoContent ? null : await response.Content.ReadFromJsonAsync<CacheEntry>(ApiJson.Options, cancellationToken);
    }

    public async Task Fetch(JobAssignment job, CacheEntry entry, Stream target, CancellationToken cancellationToken)
    {
        using var response = await http.Ask(job, HttpMethod.Get, $"{AddressOf(job)}/{entry.Id.ToString(CultureInfo.InvariantCulture)}", cancellationToken);
        if (response.StatusCode == HttpStatusCode.NotFound)
            throw new ArtifactRefusedException("it was removed just now");
        await AttemptHttp.Check(response, cancellationToken);
        await response.Content.CopyToAsync(target, cancellationToken);
    }

    /// <summary>Why it is not kept; null when it is.</summary>
    public async Task<string?> Save(JobAssignment job, CacheUpload upload, CancellationToken cancellationToken)
    {
        var address = $"{AddressOf(job)}?key={Uri.EscapeDataString(upload.Key)}&sha256={upload.Sha256}&size={upload.Size.ToString(CultureInfo.InvariantCulture)}";
        using var response = await http.Ask(job, HttpMethod.Post, address, cancellationToken);
        await AttemptHttp.Check(response, cancellationToken);
        var offer = await response.Content.ReadFromJsonAsync<CacheOffer>(ApiJson.Options, cancellationToken) ?? throw new JsonException($"{address} answered null.");
        if (offer.Saved || offer.Refusal is not null)
            return offer.Refusal;
        await using var content = upload.Open();
        var body = new StreamContent(content);
        body.Headers.ContentType = new MediaTypeHeaderValue("application/zstd");
        await http.Send(job, HttpMethod.Put, address, body, cancellationToken);
        return null;
    }

    private static string AddressOf(JobAssignment job) => $"{AttemptHttp.BuildOf(job)}/jobs/{job.Attempt.Split('/')[^2]}/caches";
}
