using System.Text.Json;
using Microsoft.AspNetCore.Http;
using PRTS.Api;
using PRTS.Storage.Builds;
using PRTS.Web.Rest;

namespace PRTS.Web.Builds;

/// <summary>A build as server-sent events: news come by <see cref="BuildHub"/>, the truth from the read model.</summary>
public static class BuildEvents
{
    /// <summary>News may be lost; after this long without any, look again.</summary>
    private static readonly TimeSpan LookAgain = TimeSpan.FromSeconds(5);

    public static async Task<IResult> Follow([AsParameters] BuildRoute route, HttpContext http, BuildsReadModel builds, BuildHub hub, TimeProvider time)
    {
        var cancel = http.RequestAborted;
        if (await builds.Head(route.Id, cancel) is null) return BuildEndpoints.NoBuild(route.Id);
        // Watching begins before the first reading, so that no change falls between.
        await using var news = await hub.Subscribe(route.Id.Project.Tenant, route.Id);
        var events = await EventStream.Open(http);
        var sent = "";
        while (await builds.Get(route.Id, cancel) is { } build)
        {
            var json = JsonSerializer.Serialize(build, ApiJson.Options);
            if (json == sent) await events.Beat(cancel);
            else await events.SendJson("build", json, cancel);
            sent = json;
            if (build.Status.IsEnded())
            {
                await events.Send("end", new { status = build.Status }, cancel);
                break;
            }

            await news.Wait(LookAgain, time, cancel);
            while (news.Messages.TryRead(out _))
            {
                // One look at the build answers them all.
            }
        }

        return Results.Empty;
    }
}
