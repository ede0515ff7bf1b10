using System.Security.Claims;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;
using PRTS.Api;
using PRTS.Api.Access;
using PRTS.Api.Projects;
using PRTS.Audit;
using PRTS.Contracts;
using PRTS.Contracts.Access;
using PRTS.Contracts.Projects;
using PRTS.Storage.Audit;
using PRTS.Storage.Git;
using PRTS.Storage.Projects;
using PRTS.Web.Access;
using PRTS.Web.Audit;
using PRTS.Web.Rest;

namespace PRTS.Web.Projects;

public static class ProjectEndpoints
{
    public static void MapProjects(this RouteGroupBuilder api)
    {
        var projects = api.MapGroup("").WithTags("Projects").CheckNames();
        projects.MapGet("/projects", List).RequirePermissionAnywhere(Permissions.ProjectRead)
            .WithSummary("Projects by name, each with its latest build").WithDescription("`search`: a part of org/name or of the description.");
        projects.MapPost("/projects", Create).Audit<CreateProject>("project:create", ProjectAudit.Fields, target: (request, _) => AuditTarget.OfProject(request.Org, request.Name)).RequirePermissionAnywhere(Permissions.ProjectCreate).WithSummary("Create a project with an empty repository");
        projects.MapGet(Routes.Project, Show).RequirePermission(Permissions.ProjectRead).WithSummary("Show a project");
        projects.MapPut(Routes.Project + "/protection", Protect).Audit<RefProtection>("project:protect", ProjectAudit.Fields, ProjectAudit.BeforeRequest).RequirePermission(Permissions.RepositoryManage).CheckProject()
            .WithSummary("Say which branches and tags are protected").WithDescription($"Only who has {Permissions.RepositoryManage} pushes to them. Globs of branches, and of tags with `tag:` before them; none: nothing is protected.");
        projects.MapGet(Routes.Project + "/pipelines", Pipelines).RequirePermission(Permissions.ProjectRead)
            .WithSummary("Pipelines of a branch or tag, and what a manual run of each is asked for").WithDescription("`ref`: a branch, tag or commit; the default branch without.");
        projects.MapGet(Routes.Project + "/raw/{**path}", Raw).RequirePermission(Permissions.RepositoryRead).CheckProject()
            .WithSummary("The bytes of a file of the repository, up to 1 MiB").WithDescription($"`ref`: a branch, tag or commit; the default branch without. The header {CommitHeader} says which commit it was.")
            .Produces(200, contentType: "application/octet-stream");
    }

    private const string CommitHeader = "Prts-Commit";

    private static async Task<IResult> Raw([AsParameters] ProjectRoute route, string path, string? @ref, HttpContext http, Repositories repositories)
    {
        if (await repositories.ReadFile(route.Id, string.IsNullOrWhiteSpace(@ref) ? null : @ref.Trim(), path, http.RequestAborted) is not { } file)
            return Problems.NotFound($"There is no branch, tag or commit '{@ref}' in {route.Id}.");
        if (file.Content is not { } content) return Problems.NotFound($"{route.Id} has no file '{path}' at {file.Commit}.");
        http.Response.Headers[CommitHeader] = file.Commit;
        http.Response.Headers.ContentSecurityPolicy = "sandbox";
        return Results.Bytes(content, "application/octet-stream", Path.GetFileName(path));
    }

    /// <summary>Where Git reaches the project.</summary>
    public static string CloneUrl(this WebOptions options, string org, string project) => $"{options.PublicUrl}/git/{org}/{project}.git";

    private static async Task<Results<Ok<Page<ProjectSummary>>, ProblemHttpResult>> List(
        ClaimsPrincipal user, ProjectsReadModel projects, WebOptions options, string? search, [AsParameters] Paging paging, CancellationToken cancellationToken)
    {
        if (paging.Problem is { } problem) return problem;
        var page = await projects.List(user.Tenant(), new() { Search = search, Places = user.Places(Permissions.ProjectRead), Skip = paging.From, Take = paging.Count }, cancellationToken);
        return TypedResults.Ok(page with { Items = [.. page.Items.Select(project => WithAddress(project, options))] });
    }

    private static async Task<Results<Created<ProjectSummary>, ProblemHttpResult>> Create(
        CreateProject request, HttpContext http, ClaimsPrincipal user, IGrainFactory grains, AuditLog audit, WebOptions options)
    {
        if (!ProjectId.IsValidName(request.Org)) return NameProblem("org", request.Org);
        if (!ProjectId.IsValidName(request.Name)) return NameProblem("name", request.Name);
        if (!user.May(Permissions.ProjectCreate, new(request.Org))) return Problems.Of(StatusCodes.Status403Forbidden, "forbidden", $"You may not create projects in '{request.Org}': ask for the role maintainer there.");
        if (ReservedNames.Contains(request.Org)) return Problems.Invalid(ReservedNames.Refusal(request.Org));
        if (request.Description.Length > 500) return Problems.Invalid($"The description has {request.Description.Length} characters; it may have 500.");
        if (!BranchNames.IsValid(request.DefaultBranch)) return Problems.Invalid($"'{request.DefaultBranch}' cannot be a branch's name. For example: main.");
        if (await ProjectAudit.MakesOrganization(grains, user.Tenant(), request.Org))
        {
            if (!user.May(Permissions.OrganizationManage, AccessScope.Tenant)) return Problems.Of(StatusCodes.Status403Forbidden, "forbidden", $"There is no organization '{request.Org}', and you may not make one ({Permissions.OrganizationManage}). Choose one that is there, or ask an administrator to make it.");
            await audit.Record(http.AuditSource().Allowed("organization:create", DirectoryChanges.Organization(request.Org), after: DirectoryChanges.Fields(new CreateOrganization { Name = request.Org })), http.RequestAborted);
        }

        var project = grains.Project(new(user.Tenant(), request.Org, request.Name));
        return await project.Create(request) && await project.Get() is { } created
            ? TypedResults.Created($"{Routes.Api}/projects/{request.Org}/{request.Name}", WithAddress(created, options))
            : Problems.Conflict($"The project {request.Org}/{request.Name} exists already. Choose another name.");
    }

    private static async Task<Results<Ok<ProjectSummary>, ProblemHttpResult>> Show(
        [AsParameters] ProjectRoute route, ProjectsReadModel projects, WebOptions options, CancellationToken cancellationToken) =>
        await projects.Get(route.Id, cancellationToken) is { } project
            ? TypedResults.Ok(WithAddress(project, options))
            : Problems.NotFound($"There is no project {route.Id}.");

    private static async Task<Results<Ok<ProjectSummary>, ProblemHttpResult>> Protect([AsParameters] ProjectRoute route, RefProtection protection, IGrainFactory grains, WebOptions options) =>
        protection.Problem() is { } problem ? Problems.Invalid(problem)
        : await grains.Project(route.Id).Protect(protection) is { } project ? TypedResults.Ok(WithAddress(project, options))
        : Problems.NotFound($"There is no project {route.Id}.");

    private static async Task<Results<Ok<IReadOnlyList<PipelineSummary>>, ProblemHttpResult>> Pipelines(
        [AsParameters] ProjectRoute route, string? @ref, ProjectsReadModel projects, PipelineList list, CancellationToken cancellationToken)
    {
        if (await projects.Get(route.Id, cancellationToken) is not { } project) return Problems.NotFound($"There is no project {route.Id}.");
        var name = string.IsNullOrWhiteSpace(@ref) ? project.DefaultBranch : @ref.Trim();
        return await list.Of(route.Id, name, cancellationToken) is { } pipelines
            ? TypedResults.Ok(pipelines)
            : Problems.NotFound($"There is no branch, tag or commit '{name}' in {route.Id}.");
    }

    private static ProjectSummary WithAddress(ProjectSummary project, WebOptions options) => project with { CloneUrl = options.CloneUrl(project.Org, project.Name) };

    private static ProblemHttpResult NameProblem(string member, string name) =>
        Problems.Invalid($"'{name}' cannot be {member}: use 1–64 of a-z 0-9 . _ -, beginning with a letter or digit, not ending in .git.");
}
