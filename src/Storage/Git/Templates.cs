using PRTS.Contracts.Projects;
using PRTS.Pipelines.Parsing.Includes;

namespace PRTS.Storage.Git;

/// <summary>Brings the templates that the pipelines of a commit include: of the same commit, and of other projects of the same tenant.</summary>
public sealed class Templates(Repositories repositories, ProjectId project, string commit)
{
    /// <summary>Of other projects, so that all that one reading includes is of the same commit.</summary>
    private readonly Dictionary<(string Project, string? Ref), string> commits = [];

    public async Task<IncludedFile> Load(IncludeAddress address)
    {
        if (address.Project is not { } name) return Content(await repositories.ReadFile(project, commit, address.File), address, commit);
        var parts = name.Split('/');
        if (parts.Length != 2 || !parts.All(ProjectId.IsValidName)) return IncludedFile.None($"'{name}' is no project; write organization/project.");
        var other = new ProjectId(project.Tenant, parts[0], parts[1]);
        if (!repositories.Exists(other)) return IncludedFile.None($"there is no project {name}.");
        var file = await repositories.ReadFile(other, commits.GetValueOrDefault((name, address.Ref)) ?? address.Ref, address.File);
        if (file is null) return IncludedFile.None(address.Ref is null ? $"{name} has no commits yet." : $"{name} has no branch, tag or commit '{address.Ref}'.");
        commits.TryAdd((name, address.Ref), file.Commit);
        return Content(file, address, file.Commit);
    }

    private static IncludedFile Content(FileAtCommit? file, IncludeAddress address, string commit) =>
        file?.Content is { } content ? new(content, Commit: commit) : IncludedFile.None($"there is no such file at {commit[..12]}{(address.Project is { } name ? $" of {name}" : "")}.");
}
