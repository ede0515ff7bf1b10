using PRTS.Api.Projects;
using PRTS.Contracts.Projects;
using PRTS.Pipelines.Parsing;
using PRTS.Storage.Git;

namespace PRTS.Web.Projects;

/// <summary>The pipelines that a branch, tag or commit has.</summary>
public sealed class PipelineList(Repositories repositories)
{
    /// <summary>Null when there is no such branch, tag or commit.</summary>
    public async Task<IReadOnlyList<PipelineSummary>?> Of(ProjectId project, string name, CancellationToken cancellationToken = default)
    {
        if (await repositories.Resolve(project, name, cancellationToken) is not { } found) return null;
        if (await repositories.Snapshot(project, found.Sha, cancellationToken) is not var (_, files)) return null;
        var templates = new Templates(repositories, project, found.Sha);
        var summaries = new List<PipelineSummary>();
        foreach (var file in files) summaries.Add(await Summary(file, templates));
        return summaries;
    }

    private static async Task<PipelineSummary> Summary(PipelineFile file, Templates templates)
    {
        var result = await PipelineParser.Parse(file.Path, file.Content, templates.Load);
        return new()
        {
            File = file.Path,
            Name = result.Pipeline?.Name ?? Path.GetFileNameWithoutExtension(file.Path),
            Inputs = result.Pipeline?.Inputs ?? [],
            Errors = result.Errors,
            Warnings = result.FindWarnings(),
        };
    }
}
