namespace PRTS.Web.Projects;

internal static class CloneAddress
{
    /// <summary>Where Git finds the repository.</summary>
    public static string CloneUrl(this WebOptions options, string org, string project) => $"{options.PublicUrl}/git/{org}/{project}.git";
}
