using System.CommandLine;
using System.Globalization;
using PRTS.Api;
using PRTS.Cli.Connection;

namespace PRTS.Cli.Builds;

/// <summary><c>prts build log</c>: the raw bytes of one job's log and nothing else.</summary>
internal static class LogCommand
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(5);

    public static Command Create()
    {
        var build = BuildName.Argument();
        var job = new Option<string?>("--job") { Description = "The job's name or key; needed where there are several", HelpName = "name" };
        var follow = new Option<bool>("--follow", "-f") { Description = "Go on until the job has ended" };
        var attempt = new Option<int?>("--attempt") { Description = "Which try of the job, from 1 (the last one)", HelpName = "n" };
        var command = new Command("log", "Print a job's log, byte for byte") { build, job, attempt, follow };
        command.SetAction(async (parsed, cancellation) =>
        {
            using var api = ApiClient.Connect();
            var name = parsed.GetRequiredValue(build);
            var shown = await api.GetAsync(name.ApiPath, CliJson.Default.BuildSummary, cancellation);
            var chosen = JobChoice.Find(shown, parsed.GetValue(job));
            var log = $"{name.ApiPath}/jobs/{Uri.EscapeDataString(chosen.Key)}/log";
            var asked = parsed.GetValue(attempt) is { } which ? $"attempt={which.ToString(CultureInfo.InvariantCulture)}" : "";
            await using var output = Console.OpenStandardOutput();
            await (parsed.GetValue(follow)
                ? CopyAsync(api, $"{log}?{(asked.Length > 0 ? asked + "&" : "")}follow=true", HasEndedAsync, output, cancellation)
                : CopyAsync(api, asked.Length > 0 ? $"{log}?{asked}" : log, () => Task.FromResult(true), output, cancellation));
            return ExitCodes.Succeeded;

            // A proxy or a control plane that stops may end the answer in good order before the log has ended.
            async Task<bool> HasEndedAsync()
            {
                var now = await api.GetAsync(name.ApiPath, CliJson.Default.BuildSummary, cancellation);
                return JobChoice.Find(now, chosen.Key) is var job && (job.Status.IsEnded() || job.Attempt != chosen.Attempt);
            }
        });
        return command;
    }

    /// <summary>When the connection breaks, reads again and goes on with the first byte that was not yet printed.</summary>
    private static async Task CopyAsync(ApiClient api, string path, Func<Task<bool>> isWhole, Stream output, CancellationToken cancellation)
    {
        var printed = 0L;
        long? lostAt = null;
        while (true)
        {
            try
            {
                using var request = new HttpRequestMessage(HttpMethod.Get, api.Absolute(path));
                using var response = await api.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellation);
                await using var body = await response.Content.ReadAsStreamAsync(cancellation);
                var buffer = new byte[64 * 1024];
                var skip = printed;
                while (await ReadAsync(body, buffer, cancellation) is var count and > 0)
                {
                    lostAt = null;
                    var known = (int)Math.Min(skip, count);
                    skip -= known;
                    await output.WriteAsync(buffer.AsMemory(known, count - known), cancellation);
                    await output.FlushAsync(cancellation);
                    printed += count - known;
                }

                if (await isWhole())
                {
                    return;
                }
            }
            catch (UserError) when (lostAt is not null && TimeProvider.System.GetElapsedTime(lostAt.Value) < Patience)
            {
                // A control plane that is starting may refuse for a while what it served before.
            }
            catch (ConnectionLostException)
            {
                lostAt ??= TimeProvider.System.GetTimestamp();
            }

            await Task.Delay(500, cancellation);
        }
    }

    /// <summary>Tells a broken connection from a broken output.</summary>
    private static async Task<int> ReadAsync(Stream body, byte[] buffer, CancellationToken cancellation)
    {
        try
        {
            return await body.ReadAsync(buffer, cancellation);
        }
        catch (Exception error) when (error is IOException or HttpRequestException)
        {
            throw new ConnectionLostException(error);
        }
    }

    private sealed class ConnectionLostException(Exception cause) : Exception("The connection broke.", cause);
}
