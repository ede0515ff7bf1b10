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
using PRTS.Web.Gateway;

namespace PRTS.Web.Git;

/// <summary>Git's smart HTTP protocol, three addresses and no others: nothing of a repository can be had as a file.</summary>
public static class GitEndpoints
{
    private const string UploadPack = "git-upload-pack";
    private const string ReceivePack = "git-receive-pack";

    public static void MapGit(this IEndpointRouteBuilder app)
    {
        var git = app.MapGroup("/git/{org}/{project}.git").ExcludeFromDescription();
        git.MapGet("/info/refs", Refs).RequirePermission(Permissions.RepositoryRead);
        git.MapPost("/" + UploadPack, Upload).TakesItsTime().RequirePermission(Permissions.RepositoryRead);
        git.MapPost("/" + ReceivePack, Receive).TakesItsTime().WithMetadata(new AuditedAction(PushGate.Action, HasBefore: true)).RequirePermission(Permissions.RepositoryWrite);
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
            await audit.Record(http.AuditSource().Denied(PushGate.Action, PushGate.Target(project), why), http.RequestAborted);
            await Refuse(http, StatusCodes.Status403Forbidden, why);
        }
        else
        {
            http.Response.Headers.CacheControl = "no-cache";
            await backend.Serve(http, repositories.Path(project), "/info/refs", $"service={service}", GitInput.Of(http.Request));
        }
    }

    private static async Task Upload(HttpContext http, GitBackend backend, Repositories repositories)
    {
        if (await Find(http, repositories) is { } project && await IsOf(http, UploadPack)) await backend.Serve(http, repositories.Path(project), $"/{UploadPack}", "", GitInput.Of(http.Request));
    }

    private static async Task Receive(HttpContext http, PushGate gate, Repositories repositories)
    {
        if (await Find(http, repositories) is not { } project || !await IsOf(http, ReceivePack)) return;
        PushRequest push;
        try
        {
            push = await PushRequest.Read(http.Request, http.RequestAborted);
        }
        catch (InvalidDataException malformed)
        {
            await Refuse(http, StatusCodes.Status400BadRequest, malformed.Message);
            return;
        }

        await gate.Receive(http, project, push);
    }

    /// <summary>A push may be of any size and come at any pace.</summary>
    private static async Task<bool> IsOf(HttpContext http, string service)
    {
        if (http.Request.ContentType != $"application/x-{service}-request")
        {
            await Refuse(http, StatusCodes.Status415UnsupportedMediaType, $"Send Content-Type: application/x-{service}-request, as git does.");
            return false;
        }

        if (http.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } size) size.MaxRequestBodySize = null;
        if (http.Features.Get<IHttpMinRequestBodyDataRateFeature>() is { } rate) rate.MinDataRate = null;
        return true;
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
    internal static Task Refuse(HttpContext http, int status, string why)
    {
        http.Response.StatusCode = status;
        http.Response.ContentType = "text/plain; charset=utf-8";
        return http.Response.WriteAsync(why + "\n", http.RequestAborted);
    }
}
