using Npgsql;
using PRTS.Api.Agents;
using PRTS.Storage.Postgres;

namespace PRTS.Storage.Agents;

public sealed class AgentsReadModel(NpgsqlDataSource database)
{
    /// <summary>Stores the summary unless a newer revision is there.</summary>
    public Task Upsert(string tenant, AgentSummary agent, CancellationToken cancellationToken = default) => database.Command(
        """
        insert into agents (tenant, name, revision, doc) values ($1, $2, $3, $4::jsonb)
        on conflict (tenant, name) do update set revision = excluded.revision, doc = excluded.doc
        where excluded.revision > agents.revision
        """,
        tenant, agent.Name, agent.Revision, Document.From(agent)).Execute(cancellationToken);

    public Task<IReadOnlyList<AgentSummary>> List(string tenant, CancellationToken cancellationToken = default) =>
        database.Command("select doc from agents where tenant = $1 order by name", tenant).All(Document.Read<AgentSummary>, cancellationToken);

    public Task<AgentSummary?> Get(string tenant, string name, CancellationToken cancellationToken = default) =>
        database.Command("select doc from agents where tenant = $1 and name = $2", tenant, name).First(Document.Read<AgentSummary>, cancellationToken);

    /// <returns>Whether it was there.</returns>
    public async Task<bool> Remove(string tenant, string name, CancellationToken cancellationToken = default) =>
        await database.Command("delete from agents where tenant = $1 and name = $2", tenant, name).Execute(cancellationToken) > 0;
}
