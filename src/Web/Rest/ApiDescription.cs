using System.Text.Json.Serialization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.OpenApi;
using PRTS.Api;
using PRTS.Contracts.Access;
using PRTS.Web.Access;
using PRTS.Web.Gateway;
using Scalar.AspNetCore;

namespace PRTS.Web.Rest;

/// <summary>One JSON dialect, and its description: <c>/openapi/v1.json</c>, and a page to try it at <c>/api/docs</c>.</summary>
public static class ApiDescription
{
    public static IServiceCollection AddRest(this IServiceCollection services)
    {
        services.ConfigureHttpJsonOptions(options =>
        {
            ApiJson.Apply(options.SerializerOptions);
            options.SerializerOptions.UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow;
            options.SerializerOptions.RespectNullableAnnotations = true;
        });
        services.Configure<RouteHandlerOptions>(options => options.ThrowOnBadRequest = true);
        services.AddOpenApi("v1", options => options.AddDocumentTransformer((document, _, _) =>
        {
            document.Info.Title = "PRTS";
            document.Info.Version = "v1";
            document.Info.Description =
                "Send an access token as `Authorization: Bearer prts_…`, or name and password by Basic. Errors are problem+json with `code`, `detail` and `traceId`.";
            document.Components ??= new OpenApiComponents();
            document.Components.SecuritySchemes ??= new Dictionary<string, IOpenApiSecurityScheme>(StringComparer.Ordinal);
            document.Components.SecuritySchemes["token"] = new OpenApiSecurityScheme { Type = SecuritySchemeType.Http, Scheme = "bearer" };
            document.Security = [new OpenApiSecurityRequirement { [new OpenApiSecuritySchemeReference("token", document)] = [] }];
            return Task.CompletedTask;
        }));
        return services;
    }

    public static void MapApiDescription(this IEndpointRouteBuilder app)
    {
        app.MapOpenApi("/openapi/{documentName}.json").RequirePermissionAnywhere(Permissions.ProjectRead);
        app.MapScalarApiReference("/api/docs", (options, http) => options.WithTitle("PRTS API").DisableDefaultFonts().WithNonce(http.CspNonce())).RequirePermissionAnywhere(Permissions.ProjectRead);
    }
}
