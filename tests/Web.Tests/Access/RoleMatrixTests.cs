using System.Globalization;
using System.Net;
using System.Text;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Routing;
using PRTS.Contracts;
using PRTS.Contracts.Access;
using PRTS.Contracts.Builds;
using PRTS.Contracts.Projects;
using PRTS.Web.Access;

namespace PRTS.Web.Tests.Access;

/// <summary>Tries every endpoint as everybody: each role in the whole tenant, in the organization, in the project, beside it, in another tenant, as agents and as nobody.</summary>
public class RoleMatrixTests(TestServer server)
{
    private static readonly Role[] Roles = [Role.Viewer, Role.Developer, Role.Maintainer, Role.Admin];

    private sealed record Line(string Method, string Pattern, Role? Least, bool Somewhere, bool Attempt);

    /// <param name="Role">Null: an agent, or nobody.</param>
    private sealed record Caller(string Name, HttpClient Client, Role? Role, AccessScope? Scope, bool HoldsAttempt = false);

    [Fact]
    public async Task Matrix_EachEndpointAsEachRole_AnswersAsTheTableSays()
    {
        var lines = Table();
        var endpoints = server.Get<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>().Where(endpoint => endpoint.Metadata.GetMetadata<IAllowAnonymous>() is null)
            .SelectMany(endpoint => endpoint.Metadata.GetMetadata<HttpMethodMetadata>()?.HttpMethods.Select(method => $"{method} {Pattern(endpoint)}") ?? [$"GET {Pattern(endpoint)}"])
            .Where(endpoint => !endpoint.Contains("/api/docs", StringComparison.Ordinal) && !endpoint.Contains("/openapi/", StringComparison.Ordinal)).Order(StringComparer.Ordinal).ToList();
        Assert.Equal(endpoints, lines.Select(line => $"{line.Method} {line.Pattern}").Order(StringComparer.Ordinal));

        var project = await server.NewProject();
        var beside = await server.NewProject();
        var callers = await Callers(project, beside);
        var wrong = new List<string>();
        var cells = 0;
        foreach (var line in lines)
        {
            foreach (var caller in callers)
            {
                cells++;
                using var answer = await caller.Client.SendAsync(Request(line, project), HttpCompletionOption.ResponseHeadersRead);
                var refused = answer.StatusCode is HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden;
                if (refused == May(line, caller, project)) wrong.Add($"{caller.Name}: {line.Method} {line.Pattern} answered {(int)answer.StatusCode}");
                if ((int)answer.StatusCode >= 500) wrong.Add($"{caller.Name}: {line.Method} {line.Pattern} broke with {(int)answer.StatusCode}");
                // Whoever has the right in a tenant of their own finds nothing of this one under its address.
                if (caller.Name.StartsWith("foreign", StringComparison.Ordinal) && line.Pattern.Contains("{project}", StringComparison.Ordinal) && line.Method == "GET" && answer.IsSuccessStatusCode
                    && await answer.Content.ReadAsStringAsync() != "[]")
                    wrong.Add($"{caller.Name}: {line.Method} {line.Pattern} found something of another tenant");
            }
        }

        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"counted: role matrix, {lines.Count} endpoints, {callers.Count} callers, {cells} cells, {wrong.Count} wrong"));
        Assert.True(wrong.Count == 0, string.Join('\n', wrong));
        Assert.True(cells > 1500);
    }

    private static bool May(Line line, Caller caller, ProjectId project)
    {
        if (caller.HoldsAttempt) return line.Attempt;
        if (caller.Role is not { } role) return false;
        if (line.Least is not { } least) return false;
        if (least == Role.None) return true;
        var place = line.Pattern.Contains("{project}", StringComparison.Ordinal) ? AccessScope.Of(project) : line.Pattern.Contains("{org}", StringComparison.Ordinal) ? new AccessScope(project.Org) : AccessScope.Tenant;
        var operators = line.Pattern.Contains("/system", StringComparison.Ordinal) || line.Pattern.EndsWith("/agents/tokens", StringComparison.Ordinal) || line.Pattern.Contains("/tenants", StringComparison.Ordinal);
        if (operators && caller.Name.StartsWith("foreign", StringComparison.Ordinal)) return false;
        return role >= least && caller.Scope is { } scope && (line.Somewhere || scope.Contains(place));
    }

    private async Task<List<Caller>> Callers(ProjectId project, ProjectId beside)
    {
        var attempt = new AttemptId(new(new(project, 1), "build"), 1);
        var other = attempt with { Job = new(new(beside, 1), "build") };
        server.Get<Recorder>().Runs(attempt, "agent");
        server.Get<Recorder>().Runs(other, "agent");
        var callers = new List<Caller>
        {
            new("nobody", server.Client(), null, null),
            new("a wrong token", server.Client("prts_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"), null, null),
            new("the agent", server.Client(server.Attempts.Create(attempt, "agent")), null, null, HoldsAttempt: true),
            new("another job's agent", server.Client(server.Attempts.Create(other, "agent")), null, null),
            new("somebody without roles", await Client(ProjectId.DefaultTenant, Role.None, AccessScope.Tenant), Role.None, AccessScope.Tenant),
        };
        var foreign = server.Unique("tenant");
        Assert.Null(await server.Grains.Tenant(foreign).Create("Somebody else"));
        foreach (var role in Roles)
        {
            foreach (var scope in (AccessScope[])[AccessScope.Tenant, new(project.Org), AccessScope.Of(project), AccessScope.Of(beside), new("elsewhere")])
                callers.Add(new($"{role} in {(scope == AccessScope.Tenant ? "the tenant" : scope)}", await Client(ProjectId.DefaultTenant, role, scope), role, scope));
            callers.Add(new($"foreign {role}", await Client(foreign, role, AccessScope.Tenant), role, AccessScope.Tenant));
        }

        return callers;
    }

    private async Task<HttpClient> Client(string tenant, Role role, AccessScope scope)
    {
        var id = Guid.NewGuid();
        Assert.True(await server.Grains.User(tenant, id).Create(new() { Name = server.Unique("matrix"), CreatedAt = TimeProvider.System.GetUtcNow() }));
        if (role != Role.None) await server.Grains.Grants(tenant, scope).Give(GrantSubject.Of(id).ToString(), Accounts.Name(role));
        return server.Client((await server.Get<AccessTokens>().Create(id, new() { Name = "matrix" })).Token);
    }

    private static HttpRequestMessage Request(Line line, ProjectId project)
    {
        var address = line.Pattern.Replace("{org}", project.Org, StringComparison.Ordinal).Replace("{project}", project.Name, StringComparison.Ordinal)
            .Replace("{number:int:min(1)}", "1", StringComparison.Ordinal).Replace("{job}", "build", StringComparison.Ordinal).Replace("{id:guid}", Guid.Empty.ToString(), StringComparison.Ordinal)
            .Replace("{id:long}", "1", StringComparison.Ordinal).Replace("{**path}", "a", StringComparison.Ordinal)
            .Replace("{environment}", "no-such", StringComparison.Ordinal).Replace("{secret}", "NO_SUCH", StringComparison.Ordinal)
            .Replace("{name}", "no-such", StringComparison.Ordinal).Replace("{team}", "no-such", StringComparison.Ordinal).Replace("{user}", "no-such", StringComparison.Ordinal)
            .Replace("{provider}", "no-such", StringComparison.Ordinal).Replace("{role}", "no-such", StringComparison.Ordinal).Replace("{variable}", "NO_SUCH", StringComparison.Ordinal).Replace("{vault}", "no-such", StringComparison.Ordinal).Replace("{tenant}", "no-such", StringComparison.Ordinal);
        if (address.EndsWith("/info/refs", StringComparison.Ordinal)) address += "?service=git-upload-pack";
        var request = new HttpRequestMessage(new HttpMethod(line.Method), address);
        // Another type would be refused before anybody asks who comes.
        var type = line.Pattern.EndsWith("/generate", StringComparison.Ordinal) ? "application/yaml"
            : line.Method == "PUT" && line.Pattern.EndsWith("/caches", StringComparison.Ordinal) ? "application/zstd"
            : line.Method == "PUT" && line.Pattern.EndsWith("/files", StringComparison.Ordinal) ? "application/octet-stream"
            : "application/json";
        if (line.Method is "POST" or "PUT" or "PATCH" or "DELETE") request.Content = new StringContent("{}", Encoding.UTF8, type);
        return request;
    }

    private static string Pattern(RouteEndpoint endpoint) => "/" + endpoint.RoutePattern.RawText!.Trim('/');

    private static List<Line> Table()
    {
        using var stream = typeof(RoleMatrixTests).Assembly.GetManifestResourceStream("role-matrix.txt")!;
        using var reader = new StreamReader(stream);
        return [.. reader.ReadToEnd().Split('\n').Where(line => line.Trim().Length > 0 && !line.StartsWith('#')).Select(line =>
        {
            var words = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
            var least = words.Skip(2).FirstOrDefault(word => word is not ("somewhere" or "+attempt"));
            return new Line(
                words[0], words[1],
                least switch { "attempt" => null, "everybody" => Role.None, _ => Enum.Parse<Role>(least!, ignoreCase: true) },
                words.Contains("somewhere"), words.Contains("attempt") || words.Contains("+attempt"));
        })];
    }
}
