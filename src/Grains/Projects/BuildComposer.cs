using System.Diagnostics;
using PRTS.Api.Builds;
using PRTS.Contracts.Builds;
using PRTS.Contracts.Projects;
using PRTS.Pipelines;
using PRTS.Pipelines.Planning;
using PRTS.Storage.Git;

namespace PRTS.Grains.Projects;

/// <summary>Makes build requests of the pipeline files of a commit: one for each file that reacts to the event, or that is wrong.</summary>
internal sealed class BuildComposer(Repositories repositories, ProjectId id, Func<string> defaultBranch)
{
    /// <param name="before">The commit that the ref pointed to before, for path filters.</param>
    public async Task<Composition> Compose(TriggerEvent happened, string? before, string actor, DateTimeOffset now)
    {
        // What begins by itself, such as a schedule, begins a trace here.
        using var span = Spans.Source.StartActivity("trigger")?.SetTag("prts.event", happened.Kind).SetTag("prts.ref", happened.Ref);
        try
        {
            if (await repositories.Snapshot(id, happened.Commit) is not var (commit, files)) return new([], []);
            var pipelines = await PipelineFiles.Read(files, new(repositories, id, happened.Commit));
            if (before is not null && pipelines.Any(PipelineFiles.FiltersPaths))
                happened = happened with { ChangedPaths = await repositories.ChangedPaths(id, before, happened.Commit) };
            var requests = pipelines.Select(file => Request(file, commit, happened, actor, now)).OfType<BuildRequest>();
            return new(pipelines, [.. requests.Select(request => new Draft(request, before))]);
        }
        catch (GitException unreadable)
        {
            // The author can mend this (too many files, one too large), so the author sees it.
            var diagnostic = new Diagnostic { Code = "unreadable", File = ".prts", Line = 1, Column = 1, Message = unreadable.Message };
            return new([new(".prts", null, [diagnostic])], [new(new BuildRequest
            {
                Event = happened, Name = id.Name, File = ".prts", Diagnostics = [diagnostic], Actor = actor, CreatedAt = now, DefaultBranch = defaultBranch(),
            })]);
        }
    }

    /// <summary>Null when the pipeline does not react to the event.</summary>
    private BuildRequest? Request(PipelineFiles.Parsed file, CommitInfo commit, TriggerEvent happened, string actor, DateTimeOffset now)
    {
        var plan = file.Diagnostics.Count == 0 ? PipelineFiles.Plan(file, happened) : null;
        // What is wrong reacts to everything, unless its author asks for no build.
        var skip = PipelineFiles.WhySkipped(file, happened, plan is not null || file.Diagnostics.Count > 0, commit.Message);
        if (plan is null && skip is null && file.Diagnostics.Count == 0) return null;
        return new()
        {
            Event = happened with { ChangedPaths = null },
            Name = plan?.Name ?? file.Pipeline?.Name ?? Path.GetFileNameWithoutExtension(file.Path),
            File = file.Path,
            Plan = skip is null ? plan : null,
            SkipReason = skip,
            Diagnostics = skip is null ? file.Diagnostics : [],
            Actor = actor,
            Author = commit.Author,
            Message = commit.Subject,
            CreatedAt = now,
            DefaultBranch = defaultBranch(),
            TraceParent = Activity.Current?.Id,
        };
    }
}

/// <param name="Files">The commit's pipeline files, whether they react or not.</param>
internal sealed record Composition(IReadOnlyList<PipelineFiles.Parsed> Files, IReadOnlyList<Draft> Drafts);
