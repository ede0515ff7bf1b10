using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.Server.Kestrel.Core.Features;
using PRTS.Contracts;
using PRTS.Contracts.Access;
using PRTS.Contracts.Projects;
using PRTS.Storage.Audit;
using PRTS.Storage.Git;
using PRTS.Web.Access;
using PRTS.Web.Audit;

namespace PRTS.Web.Git;

/// <summary>Git's smart HTTP protocol, three addresses and no others: nothing of a repository can be had as a file.</summary>
public static class GitEndpoints
{
    private const string UploadPack = "git-upload-pack";
    private const string ReceivePack = "git-receive-pack";
    private const string Push = "repository:push";

    public static void MapGit(this IEndpointRouteBuilder app)
    {
        var git = app.MapGroup("/git/{org}/{project}.git").ExcludeFromDescription();
        git.MapGet("/info/refs", Refs).RequirePermission(Permissions.RepositoryRead);
        git.MapPost("/" + UploadPack, Upload).RequirePermission(Permissions.RepositoryRead);
        git.MapPost("/" + ReceivePack, Receive).Audit(Push).RequirePermission(Permissions.RepositoryWrite);
    }

    private static async Task Refs(HttpContext http, GitBackend backend, Repositories repositories, AuditLog audit)
    {
        var service = http.Request.Query["service"].ToString();
        if (service is not (UploadPack or ReceivePack))
        {
            await Refuse(http, StatusCodes.Status403Forbidden, "This server speaks Git's smart HTTP protocol only; use git 1.6.6 or later.");
        }
        else if (await Find(http, repositories) is not { } project)
        {
            return;
        }
        else if (service == ReceivePack && !http.User.May(Permissions.RepositoryWrite, AccessScope.Of(project)))
        {
            // Git asks here first, and does not come to the address of a push itself.
            var why = $"{http.User.Actor()} may read this repository, but not push to it: that needs the permission {Permissions.RepositoryWrite}.";
            await audit.Record(http.AuditSource().Denied(Push, AuditedEndpoints.Target(http, Push), why), http.RequestAborted);
            await Refuse(http, StatusCodes.Status403Forbidden, why);
        }
        else
        {
            http.Response.Headers.CacheControl = "no-cache";
            await backend.Serve(http, repositories.Path(project), "/info/refs", $"service={service}");
        }
    }

    private static async Task Upload(HttpContext http, GitBackend backend, Repositories repositories)
    {
        if (await Find(http, repositories) is { } project) await Serve(http, backend, repositories.Path(project), UploadPack);
    }

    /// <summary>
    /// What the push changed is compared and started once git has ended, also when the client did not wait for it. If this server dies
    /// before, the comparison at the next start finds the push.
    /// </summary>
    private static async Task Receive(HttpContext http, GitBackend backend, Repositories repositories, IGrainFactory grains)
    {
        if (await Find(http, repositories) is not { } project) return;
        try
        {
            await Serve(http, backend, repositories.Path(project), ReceivePack);
        }
        finally
        {
            await grains.Project(project).SyncRefs(http.User.Actor());
        }
    }

    private static async Task Serve(HttpContext http, GitBackend backend, string repository, string service)
    {
        if (http.Request.ContentType != $"application/x-{service}-request")
        {
            await Refuse(http, StatusCodes.Status415UnsupportedMediaType, $"Send Content-Type: application/x-{service}-request, as git does.");
            return;
        }

        // A push may be of any size and come at any pace.
        if (http.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } size) size.MaxRequestBodySize = null;
        if (http.Features.Get<IHttpMinRequestBodyDataRateFeature>() is { } rate) rate.MinDataRate = null;
        await backend.Serve(http, repository, $"/{service}", "");
    }

    private static async Task<ProjectId?> Find(HttpContext http, Repositories repositories)
    {
        var org = (string)http.Request.RouteValues["org"]!;
        var name = (string)http.Request.RouteValues["project"]!;
        var id = new ProjectId(http.User.Tenant(), org, name);
        if (ProjectId.IsValidName(org) && ProjectId.IsValidName(name) && repositories.Exists(id)) return id;
        await Refuse(http, StatusCodes.Status404NotFound, "There is no such project here.");
        return null;
    }

    /// <summary>Git shows plain text to its user.</summary>
    private static Task Refuse(HttpContext http, int status, string why)
    {
        http.Response.StatusCode = status;
        http.Response.ContentType = "text/plain; charset=utf-8";
        return http.Response.WriteAsync(why + "\n", http.RequestAborted);
    }
}
