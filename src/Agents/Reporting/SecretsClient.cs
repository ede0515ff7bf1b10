using System.Net.Http.Json;
using System.Text.Json;
using PRTS.Api;
using PRTS.Api.Builds;
using PRTS.Api.Secrets;
using PRTS.Execution.Jobs;

namespace PRTS.Agents.Reporting;

/// <summary>Asks for a job's secrets with the attempt's token (docs/api.md).</summary>
public sealed class SecretsClient(AttemptHttp http, TimeProvider clock)
{
    /// <summary>Tries while something is out of reach: about half a minute.</summary>
    private const int Tries = 6;

    public async Task<JobSecrets> Get(JobAssignment job, CancellationToken cancellationToken)
    {
        for (var failures = 1; ; failures++)
        {
            var answer = await Ask(job, cancellationToken);
            if (answer.Refused.Count == 0)
                return new(ByName(answer.Secrets), ByName(answer.Tokens));
            if (!answer.MayBeRetried || failures == Tries)
                return JobSecrets.Refused(string.Join(' ', answer.Refused));
            await Task.Delay(TimeSpan.FromSeconds(1 << (failures - 1)), clock, cancellationToken);
        }
    }

    private static Dictionary<string, string> ByName(IEnumerable<DeliveredSecret> secrets) => secrets.ToDictionary(secret => secret.Name, secret => secret.Value, StringComparer.Ordinal);

    private async Task<DeliveredSecrets> Ask(JobAssignment job, CancellationToken cancellationToken)
    {
        var address = $"{AttemptHttp.BuildOf(job)}/jobs/{job.Attempt.Split('/')[^2]}/secrets";
        using var response = await http.Ask(job, HttpMethod.Post, address, cancellationToken);
        await AttemptHttp.Check(response, cancellationToken);
        return await response.Content.ReadFromJsonAsync<DeliveredSecrets>(ApiJson.Options, cancellationToken) ?? throw new JsonException($"{address} answered null.");
    }
}
