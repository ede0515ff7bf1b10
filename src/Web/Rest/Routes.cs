using System.Security.Claims;
using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using PRTS.Contracts;
using PRTS.Contracts.Builds;
using PRTS.Contracts.Projects;
using PRTS.Storage.Projects;
using PRTS.Web.Access;

namespace PRTS.Web.Rest;

/// <summary>What an address names, in the caller's tenant.</summary>
public readonly record struct ProjectRoute(string Org, string Project, ClaimsPrincipal User)
{
    public ProjectId Id => new(User.Tenant(), Org, Project);
}

public readonly record struct BuildRoute(string Org, string Project, int Number, ClaimsPrincipal User)
{
    public BuildId Id => new(new(User.Tenant(), Org, Project), Number);
}

public readonly record struct JobRoute(string Org, string Project, int Number, string Job, ClaimsPrincipal User)
{
    public JobId Id => new(new(new(User.Tenant(), Org, Project), Number), Job);
}

public static partial class Routes
{
    public const string Api = "/api/v1";
    public const string Project = "/projects/{org}/{project}";
    public const string Build = Project + "/builds/{number:int:min(1)}";
    public const string Job = Build + "/jobs/{job}";

    /// <summary>Answers 404 before the handler when an address names what cannot be: names become parts of keys and paths.</summary>
    public static T CheckNames<T>(this T builder) where T : IEndpointConventionBuilder =>
        builder.AddEndpointFilter(async (context, next) =>
        {
            var route = context.HttpContext.Request.RouteValues;
            if (route["org"] is string org && route["project"] is string project && !(ProjectId.IsValidName(org) && ProjectId.IsValidName(project)))
                return Problems.NotFound("There is no such project. Names have 1–64 of a-z 0-9 . _ -, beginning with a letter or digit.");
            if (route["org"] is string only && route["project"] is null && !ProjectId.IsValidName(only))
                return Problems.NotFound("There is no such organization. Names have 1–64 of a-z 0-9 . _ -, beginning with a letter or digit.");
            return route["job"] is string job && !JobKey().IsMatch(job)
                ? Problems.NotFound("There is no such job. Jobs are named by their key: lower-case letters, digits and hyphens.")
                : await next(context);
        });

    /// <summary>
    /// Answers 404 for projects that do not exist, and where something is to be kept for an organization that does not; what was kept for one before can be seen
    /// and removed. Comes after what records the attempt, so that the log has it.
    /// </summary>
    public static T CheckPlace<T>(this T builder) where T : IEndpointConventionBuilder =>
        builder.AddEndpointFilter(async (context, next) =>
        {
            var http = context.HttpContext;
            if (http.Request.RouteValues["org"] is not string org) return await next(context);
            if (http.Request.RouteValues["project"] is not null) return await MissingProject(http) ?? await next(context);
            var keeps = HttpMethods.IsPut(http.Request.Method) || HttpMethods.IsPost(http.Request.Method);
            return keeps && await http.RequestServices.GetRequiredService<IGrainFactory>().Organization(http.User.Tenant(), org).Get() is null ? Problems.NotFound($"There is no organization {org}.") : await next(context);
        });

    /// <summary>Answers 404 for projects that do not exist.</summary>
    public static T CheckProject<T>(this T builder) where T : IEndpointConventionBuilder =>
        builder.AddEndpointFilter(async (context, next) => await MissingProject(context.HttpContext) ?? await next(context));

    /// <summary>The answer where the address names a project that does not exist; null: it does.</summary>
    private static async ValueTask<object?> MissingProject(HttpContext http)
    {
        var id = new ProjectId(http.User.Tenant(), (string)http.Request.RouteValues["org"]!, (string)http.Request.RouteValues["project"]!);
        return await http.RequestServices.GetRequiredService<ProjectsReadModel>().Get(id, http.RequestAborted) is null ? Problems.NotFound($"There is no project {id}.") : null;
    }

    [GeneratedRegex(@"\A[a-z0-9][a-z0-9-]{0,79}\z", RegexOptions.CultureInvariant, matchTimeoutMilliseconds: 1000)]
    private static partial Regex JobKey();
}
