using PRTS.Cli.Connection;
using PRTS.Pipelines.Parsing.Includes;

namespace PRTS.Cli.Lint;

/// <summary>Brings templates: of this repository from its working tree, of other projects from the server.</summary>
/// <param name="root">Of the working tree.</param>
internal sealed class LocalTemplates(string root)
{
    public async Task<IncludedFile> LoadAsync(IncludeAddress address)
    {
        if (address.Project is { } project)
        {
            return await FetchAsync(project, address);
        }

        var path = Path.Combine(root, address.File);
        try
        {
            return new(await File.ReadAllBytesAsync(path));
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return IncludedFile.None(File.Exists(path) ? error.Message : "there is no such file.");
        }
    }

    private static async Task<IncludedFile> FetchAsync(string project, IncludeAddress address)
    {
        var file = string.Join('/', address.File.Split('/').Select(Uri.EscapeDataString));
        try
        {
            using var api = ApiClient.Connect();
            using var request = new HttpRequestMessage(HttpMethod.Get, api.Absolute($"api/v1/projects/{project}/raw/{file}{(address.Ref is { } name ? $"?ref={Uri.EscapeDataString(name)}" : "")}"));
            using var response = await api.SendAsync(request, HttpCompletionOption.ResponseContentRead, CancellationToken.None);
            return new(await response.Content.ReadAsByteArrayAsync(), Commit: response.Headers.GetValues("Prts-Commit").Single());
        }
        catch (UserError error)
        {
            return IncludedFile.None($"{error.Message} (templates of other projects come from the server)");
        }
    }
}
