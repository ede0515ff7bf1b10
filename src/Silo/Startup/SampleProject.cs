using System.Reflection;
using System.Text;
using PRTS.Api.Projects;
using PRTS.Contracts;
using PRTS.Contracts.Projects;
using PRTS.Storage.Git;
using PRTS.Storage.Settings;

namespace PRTS.Silo.Startup;

/// <summary>Gives a new installation the project <c>demo/hello</c>, so that the first page shows a build that really ran.</summary>
public sealed class SampleProject(IGrainFactory grains, Repositories repositories, SettingsStore settings, TimeProvider time)
{
    private const string DoneKey = "startup/sample-project";
    private const string Prefix = "sample/";
    private static readonly ProjectId Id = new(ProjectId.DefaultTenant, "demo", "hello");

    /// <summary>Once in the life of an installation: who deletes the sample does not get it back. Repeats what a crash cut off.</summary>
    public async Task Ensure(string actor, CancellationToken cancellationToken)
    {
        if (await settings.Get(DoneKey, cancellationToken) is not null)
            return;
        var project = grains.Project(Id);
        await project.Create(new CreateProject { Org = Id.Org, Name = Id.Name, Description = "A sample project: clone it, push, watch it build." });
        if ((await repositories.Refs(Id, cancellationToken)).Count == 0)
            await repositories.CommitFiles(Id, "main", Files(), "Say hello", time.GetUtcNow(), cancellationToken);
        await project.SyncRefs(actor);
        await settings.Set(DoneKey, Encoding.UTF8.GetBytes("done"), cancellationToken);
    }

    private static Dictionary<string, byte[]> Files()
    {
        var assembly = Assembly.GetExecutingAssembly();
        return assembly.GetManifestResourceNames().Where(name => name.StartsWith(Prefix, StringComparison.Ordinal)).ToDictionary(
            name => name[Prefix.Length..],
            name =>
            {
                using var resource = assembly.GetManifestResourceStream(name)!;
                using var bytes = new MemoryStream();
                resource.CopyTo(bytes);
                return bytes.ToArray();
            },
            StringComparer.Ordinal);
    }
}
