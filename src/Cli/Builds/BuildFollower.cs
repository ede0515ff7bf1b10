using System.Net.ServerSentEvents;
using System.Runtime.CompilerServices;
using System.Text.Json;
using PRTS.Api;
using PRTS.Api.Builds;
using PRTS.Cli.Connection;

namespace PRTS.Cli.Builds;

/// <summary>A build after each of its changes, until it has ended. A control plane that restarts is waited for.</summary>
internal sealed class BuildFollower(ApiClient api, BuildName name, Action<string> tell)
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(5);

    /// <summary>For a control plane that has not answered at all: it may restart just now, or the address may be wrong.</summary>
    private static readonly TimeSpan PatienceAtFirst = TimeSpan.FromSeconds(20);

    /// <summary>A push returns a moment before the build that it starts is there.</summary>
    private static readonly TimeSpan PatienceAfterPush = TimeSpan.FromSeconds(5);

    public async IAsyncEnumerable<BuildSummary> FollowAsync([EnumeratorCancellation] CancellationToken cancellation)
    {
        var lastVersion = -1L;
        long? lostAt = null;
        while (true)
        {
            await using var events = ReadAsync(cancellation).GetAsyncEnumerator(cancellation);
            while (await MoveAsync(events, IsPassing))
            {
                lostAt = null;
                var build = events.Current;
                if (build.Version > lastVersion)
                {
                    lastVersion = build.Version;
                    yield return build;
                }

                if (build.Status.IsEnded())
                {
                    yield break;
                }
            }

            if (lostAt is null)
            {
                lostAt = TimeProvider.System.GetTimestamp();
                tell($"{api.Url} does not answer: waiting for it");
            }
            else if (TimeProvider.System.GetElapsedTime(lostAt.Value) > Patience)
            {
                throw new UserError($"{api.Url} has not answered for {Patience.TotalMinutes:0} minutes. The build may still be running.");
            }

            await Task.Delay(500, cancellation);
        }

        bool IsPassing(Exception error) => error is IOException or HttpRequestException
            || lastVersion >= 0 && error is UserError
            || error is UnreachableError && (lostAt is null || TimeProvider.System.GetElapsedTime(lostAt.Value) < PatienceAtFirst);
    }

    /// <summary>False when the stream ended or broke, and may be read again.</summary>
    private static async Task<bool> MoveAsync(IAsyncEnumerator<BuildSummary> events, Func<Exception, bool> isPassing)
    {
        try
        {
            return await events.MoveNextAsync();
        }
        catch (Exception error) when (isPassing(error))
        {
            return false;
        }
    }

    private async IAsyncEnumerable<BuildSummary> ReadAsync([EnumeratorCancellation] CancellationToken cancellation)
    {
        using var response = await OpenAsync(cancellation);
        await using var stream = await response.Content.ReadAsStreamAsync(cancellation);
        await foreach (var item in SseParser.Create(stream, Parse).EnumerateAsync(cancellation))
        {
            if (item.Data is { } build)
            {
                yield return build;
            }
        }
    }

    /// <summary>Waits for a build that is not there yet, if its project is.</summary>
    private async Task<HttpResponseMessage> OpenAsync(CancellationToken cancellation)
    {
        var started = TimeProvider.System.GetTimestamp();
        while (true)
        {
            try
            {
                using var request = new HttpRequestMessage(HttpMethod.Get, api.Absolute(name.ApiPath + "/events"));
                return await api.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellation);
            }
            catch (NotFoundError) when (TimeProvider.System.GetElapsedTime(started) < PatienceAfterPush)
            {
                await api.GetAsync(name.Project.ApiPath, CliJson.Default.ProjectSummary, cancellation);
            }

            await Task.Delay(100, cancellation);
        }
    }

    private static BuildSummary? Parse(string eventType, ReadOnlySpan<byte> data) =>
        eventType is "build" or "message" ? JsonSerializer.Deserialize(data, CliJson.Default.BuildSummary) : null;
}
