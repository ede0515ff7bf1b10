using Microsoft.AspNetCore.Http;
using PRTS.Api.Projects;
using PRTS.Audit;
using PRTS.Contracts.Access;
using PRTS.Pipelines.Planning;
using PRTS.Storage.Variables;
using PRTS.Web.Access;
using PRTS.Web.Audit;
using PRTS.Web.Rest;

namespace PRTS.Web.Variables;

/// <summary>How the audit log writes variables, for the API and for pages.</summary>
internal static class VariableAudit
{
    public static AuditTarget Target(AccessScope place, string name) => new("variable", name, Name: null, place.Org, place.Project);

    public static AuditFields Fields(ProjectVariable variable) => Fields(variable.Value, variable.Environment, variable.Branch);

    public static AuditFields Fields(SetVariable request) => Fields(request.Value, request.Environment, request.Branch);

    public static async Task<AuditFields?> Before(VariablesStore store, string tenant, AccessScope place, string name, string? environment, string? branch) =>
        await store.Get(tenant, place, name, environment, branch) is { } known ? Fields(known) : null;

    public static FormerState OfSet { get; } = request => request.Arguments.OfType<SetVariable>().FirstOrDefault() is { } set ? Of(request, set.Environment, set.Branch) : Task.FromResult<AuditFields?>(null);

    public static FormerState OfRemove { get; } = request => Of(request, Query(request, "environment"), Query(request, "branch"));

    private static Task<AuditFields?> Of(EndpointFilterInvocationContext request, string? environment, string? branch) =>
        Before(request.Get<VariablesStore>(), request.HttpContext.User.Tenant(), request.HttpContext.Place(), request.Route("variable"), environment, branch);

    private static string? Query(EndpointFilterInvocationContext request, string name) => request.HttpContext.Request.Query[name] is [{ Length: > 0 } given, ..] ? given : null;

    private static AuditFields Fields(string value, string? environment, string? branch) => new() { ["value"] = value, ["environment"] = environment ?? "", ["branch"] = branch ?? "" };
}
