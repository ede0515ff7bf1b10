using Npgsql;
using PRTS.Api.Secrets;
using PRTS.Api.Webhooks;
using PRTS.Contracts.Projects;
using PRTS.Storage.Postgres;
using PRTS.Storage.Secrets;
using PRTS.Storage.Secrets.Sealing;

namespace PRTS.Storage.Webhooks;

/// <summary>The webhooks of projects, with their secrets, sealed.</summary>
public sealed class WebhooksStore(NpgsqlDataSource database, Sealer sealer)
{
    /// <summary>Of one project.</summary>
    public const int Most = 50;

    private const string OfProject = "where tenant = $1 and org = $2 and project = $3";
    private const string This = $"{OfProject} and name = $4";

    /// <summary>By name.</summary>
    public Task<IReadOnlyList<Webhook>> List(ProjectId project, CancellationToken cancellationToken = default) =>
        database.Command($"select doc from webhooks {OfProject} order by name", project.Tenant, project.Org, project.Name).All(Document.Read<Webhook>, cancellationToken);

    public Task<Webhook?> Get(ProjectId project, string name, CancellationToken cancellationToken = default) =>
        database.Command($"select doc from webhooks {This}", Key(project, name)).First(Document.Read<Webhook>, cancellationToken);

    /// <summary>Makes it with this secret, unless there is one of the name.</summary>
    /// <returns>False: there is one, or the project has <see cref="Most"/>.</returns>
    public async Task<bool> Make(ProjectId project, Webhook webhook, SecretText secret, CancellationToken cancellationToken = default) => await database.Command(
        $"""
        insert into webhooks (tenant, org, project, name, version, doc, sealed)
        select $1, $2, $3, $4, 1, $5::jsonb, $6 where (select count(*) from webhooks {OfProject}) < $7
        on conflict do nothing
        """,
        [.. Key(project, webhook.Name), Document.From(webhook), await Seal(project, webhook.Name, 1, secret, cancellationToken), (long)Most]).Execute(cancellationToken) > 0;

    /// <param name="secret">Null: the one that is there stays.</param>
    /// <returns>False: there is none of the name.</returns>
    public async Task<bool> Change(ProjectId project, Webhook webhook, SecretText? secret, CancellationToken cancellationToken = default)
    {
        while (true)
        {
            var key = Key(project, webhook.Name);
            if (secret is null) return await database.Command($"update webhooks set doc = $5::jsonb {This}", [.. key, Document.From(webhook)]).Execute(cancellationToken) > 0;
            if (await Stored(key, cancellationToken) is not { } former) return false;
            var value = await Seal(project, webhook.Name, former.Version + 1, secret, cancellationToken);
            if (await database.Command($"update webhooks set doc = $5::jsonb, version = version + 1, sealed = $6 {This} and version = $7", [.. key, Document.From(webhook), value, former.Version]).Execute(cancellationToken) > 0)
                return true;
        }
    }

    /// <summary>Null: there is no such webhook, or it is not enabled.</summary>
    /// <exception cref="SealBrokenException"/>
    public async Task<SecretText?> Secret(ProjectId project, string name, CancellationToken cancellationToken = default) =>
        await Stored(Key(project, name), cancellationToken) is { Webhook.Enabled: true } stored
            ? await sealer.OpenText(Context(project, name, stored.Version), stored.Sealed, cancellationToken)
            : null;

    /// <returns>Whether it was there.</returns>
    public async Task<bool> Remove(ProjectId project, string name, CancellationToken cancellationToken = default) =>
        await database.Command($"delete from webhooks {This}", Key(project, name)).Execute(cancellationToken) > 0;

    private Task<Row?> Stored(object[] key, CancellationToken cancellationToken) => database.Command($"select doc, version, sealed from webhooks {This}", key)
        .First(row => new Row(Document.Read<Webhook>(row), row.GetInt64(1), row.GetFieldValue<byte[]>(2)), cancellationToken);

    private Task<byte[]> Seal(ProjectId project, string name, long version, SecretText secret, CancellationToken cancellationToken) => sealer.SealText(Context(project, name, version), secret, cancellationToken);

    private static SealContext Context(ProjectId project, string name, long version) => new() { Tenant = project.Tenant, Scope = SecretScope.Of(project).Key, Purpose = "webhook", Name = name, Version = version };

    private static object[] Key(ProjectId project, string name) => [project.Tenant, project.Org, project.Name, name];

    private sealed record Row(Webhook Webhook, long Version, byte[] Sealed);
}
