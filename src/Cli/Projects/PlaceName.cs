using System.CommandLine;

namespace PRTS.Cli.Projects;

/// <summary>Where something lies that a tenant, each organization and each project has: <c>org/project</c>, <c>org</c>, or <c>.</c> for the whole tenant.</summary>
internal static class PlaceName
{
    private const string WholeTenant = ".";

    public static Argument<string> Argument() => new("place") { Description = $"org/project, org, or {WholeTenant} for the whole tenant" };

    /// <summary>What the place has, as the API names it: <c>api/v1/organizations/acme/secrets</c>.</summary>
    /// <param name="place">As it was typed.</param>
    /// <param name="environment">Of the project; null: the place itself.</param>
    /// <param name="things">Such as <c>secrets</c>.</param>
    /// <exception cref="UserError">It is no place, or none with environments.</exception>
    public static string ApiPath(string place, string? environment, string things)
    {
        string[] parts = place == WholeTenant ? [] : ProjectName.TryParse(place) is { } project ? [project.Org, project.Name] : place.Trim('/').Split('/');
        if (parts.Length > 2 || parts.Any(part => part.Length == 0) || (environment is not null && parts.Length != 2))
        {
            throw new UserError(environment is null ? $"'{place}' is no place: write org/project, org, or {WholeTenant} for the whole tenant." : "An environment belongs to a project: write org/project.", ExitCodes.Invalid);
        }

        var owner = parts switch
        {
            [var org, var name] => $"projects/{Uri.EscapeDataString(org)}/{Uri.EscapeDataString(name)}/",
            [var org] => $"organizations/{Uri.EscapeDataString(org)}/",
            _ => "",
        };
        return $"api/v1/{owner}{(environment is null ? "" : $"environments/{Uri.EscapeDataString(environment)}/")}{things}";
    }
}
