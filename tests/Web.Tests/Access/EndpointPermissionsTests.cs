using System.Reflection;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.Routing;
using PRTS.Contracts.Access;
using PRTS.Web.Access;

namespace PRTS.Web.Tests.Access;

public class EndpointPermissionsTests(TestServer server)
{
    private static readonly string[] Anonymous =
    [
        "/login", "/login/code", "/logout", "/login/with/{provider}", "/login/oidc/{provider}/callback", "/login/saml/{provider}/response", "/login/saml/{provider}/finish", "/login/saml/{provider}/metadata",
        // What comes there is signed.
        "/webhooks/{org}/{project}/{webhook}",
        "/.well-known/openid-configuration", "/.well-known/jwks.json", "/schemas/pipeline.json", "/test/form", "/api/v1/test/failure",
        // The documentation page's own files; the page and the document need a login.
        "/api/docs/scalar.js", "/api/docs/scalar.aspnetcore.js", "/api/docs/favicon.svg",
    ];

    [Fact]
    public void Endpoints_All_HaveAPermissionOrAreListedAsAnonymous()
    {
        var endpoints = server.Get<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>().ToList();
        Assert.True(endpoints.Count > 30);
        var wrong = endpoints.Where(endpoint => endpoint.Metadata.GetMetadata<IAllowAnonymous>() is null
            ? endpoint.Metadata.GetMetadata<EndpointPermission>() is not { } permission || endpoint.Metadata.GetOrderedMetadata<IAuthorizeData>().All(data => data.Policy != permission.Name)
            : !Anonymous.Contains(endpoint.RoutePattern.RawText));
        Assert.Empty(wrong.Select(endpoint => $"{endpoint.RoutePattern.RawText}"));
    }

    [Fact]
    public void Endpoints_ThatChangeSomethingForPeople_AreAudited()
    {
        string[] reads = ["/git/{org}/{project}.git/git-upload-pack"];
        var changing = server.Get<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>().Where(endpoint =>
            endpoint.Metadata.GetMetadata<HttpMethodMetadata>()?.HttpMethods.Any(method => method is "POST" or "PUT" or "PATCH" or "DELETE") == true
            && endpoint.Metadata.GetMetadata<EndpointPermission>() is { } permission && permission.Name != AttemptRequirement.Policy
            && !reads.Contains(endpoint.RoutePattern.RawText)).ToList();
        Assert.True(changing.Count > 30);
        Assert.Empty(changing.Where(endpoint => endpoint.Metadata.GetMetadata<PRTS.Web.Audit.AuditedAction>() is null).Select(endpoint => endpoint.RoutePattern.RawText));
    }

    /// <summary>Beside an organization, a page's <c>{Name}</c> is a project: an endpoint's thing must not pass for one, or the project's people had the organization's rights.</summary>
    [Fact]
    public void Endpoints_OfAnOrganization_CallNothingName() => Assert.Empty(server.Get<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>()
        .Where(endpoint => endpoint.RoutePattern.GetParameter("org") is not null && endpoint.RoutePattern.GetParameter("project") is null && endpoint.RoutePattern.GetParameter("name") is not null)
        .Select(endpoint => endpoint.RoutePattern.RawText));

    [Fact]
    public void Pages_All_HaveAPermissionOrAreAnonymous()
    {
        string[] anonymous = ["/login", "/login/code", "/problem/{Code:int}", "/not-found"];
        var pages = typeof(WebServices).Assembly.GetTypes().Where(type => type.GetCustomAttributes<RouteAttribute>().Any()).ToList();
        var wrong = pages.Where(page => page.GetCustomAttribute<AllowAnonymousAttribute>() is not null
            ? !page.GetCustomAttributes<RouteAttribute>().All(route => anonymous.Contains(route.Template))
            : page.GetCustomAttribute<AuthorizeAttribute>() is not { Policy: { } policy } || !AccessRules.All.Contains(policy.Replace(Policies.Anywhere, "", StringComparison.Ordinal)));
        Assert.Empty(wrong.Select(page => page.FullName));
    }

    [Fact]
    public async Task Endpoints_WithoutLogin_AreRefused()
    {
        using var client = server.Client();
        foreach (var endpoint in server.Get<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>().Where(endpoint => endpoint.Metadata.GetMetadata<IAllowAnonymous>() is null))
        {
            var address = endpoint.RoutePattern.RawText!.Replace("{number:int:min(1)}", "1", StringComparison.Ordinal).Replace("{id:guid}", Guid.Empty.ToString(), StringComparison.Ordinal)
                .Replace("{**path}", "a", StringComparison.Ordinal).Replace("{documentName}", "v1", StringComparison.Ordinal).Replace("{", "", StringComparison.Ordinal).Replace("}", "", StringComparison.Ordinal)
                .Replace("documentName?", "v1", StringComparison.Ordinal);
            foreach (var method in endpoint.Metadata.GetMetadata<HttpMethodMetadata>()?.HttpMethods ?? ["GET"])
            {
                using var response = await client.SendAsync(new HttpRequestMessage(new HttpMethod(method), address));
                Assert.True((int)response.StatusCode is 401 or 302, $"{method} {address}: {(int)response.StatusCode}");
            }
        }
    }

    [Fact]
    public async Task UnknownAddress_WithoutLogin_TellsNothing()
    {
        using var client = server.Client();
        await (await client.GetAsync("/api/v1/no/such/thing")).Problem(System.Net.HttpStatusCode.Unauthorized, "unauthenticated");
    }
}
