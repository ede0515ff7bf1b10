using System.Reflection;
using System.Text;
using PRTS.Api.Access;
using PRTS.Api.Projects;
using PRTS.Audit;
using PRTS.Contracts;
using PRTS.Contracts.Projects;
using PRTS.Storage.Audit;
using PRTS.Storage.Git;
using PRTS.Storage.Settings;
using PRTS.Web.Access;
using PRTS.Web.Git;
using PRTS.Web.Projects;

namespace PRTS.Silo.Startup;

/// <summary>Gives a new installation the project <c>demo/hello</c>, so that the first page shows a build that really ran.</summary>
public sealed class SampleProject(IGrainFactory grains, Repositories repositories, SettingsStore settings, AuditLog audit, TimeProvider time)
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
        var source = AuditSource.OfSystem(Id.Tenant, "first-start");
        var definition = new CreateProject { Org = Id.Org, Name = Id.Name, Description = "A sample project: clone it, push, watch it build." };
        if (await project.Get() is null)
        {
            await audit.Record(source.Allowed("project:create", AuditTarget.OfProject(Id.Org, Id.Name), after: ProjectAudit.Fields(definition)), cancellationToken);
            if (await ProjectAudit.MakesOrganization(grains, Id.Tenant, Id.Org))
                await audit.Record(source.Allowed("organization:create", DirectoryChanges.Organization(Id.Org), after: DirectoryChanges.Fields(new CreateOrganization { Name = Id.Org })), cancellationToken);
        }

        await project.Create(definition);
        if ((await repositories.Refs(Id, cancellationToken)).Count == 0)
        {
            await audit.Record(source.Allowed(PushGate.Action, PushGate.Target(Id), after: new() { ["refs"] = AuditValue.List(["refs/heads/main"]) }), cancellationToken);
            await repositories.CommitFiles(Id, "main", Files(), "Say hello", time.GetUtcNow(), cancellationToken);
        }

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
