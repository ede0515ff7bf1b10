using System.Text.Json;
using Npgsql;
using PRTS.Api;
using PRTS.Contracts.Builds;
using PRTS.Pipelines.Planning;
using PRTS.Storage.Postgres;
using ZstdSharp;

namespace PRTS.Storage.Builds;

/// <summary>The plan of each build, as compressed JSON, and the project's variables that held when it was made. The variables do not change once the build has begun, the plan only by jobs that its steps add.</summary>
public sealed class PlanStore(NpgsqlDataSource database)
{
    private const int KnownSchema = 1;

    /// <summary>A plan that is there stays; the variables are those of the last time, before anything was started with them.</summary>
    public async Task Save(BuildId id, BuildPlan plan, IReadOnlyList<ProjectVariable>? variables = null, CancellationToken cancellationToken = default)
    {
        await database.Command(
            """
            insert into plans (tenant, org, project, number, plan, variables) values ($1, $2, $3, $4, $5, $6::jsonb)
            on conflict (tenant, org, project, number) do update set variables = excluded.variables
            """,
            id.Project.Tenant, id.Project.Org, id.Project.Name, id.Number, Packed(plan), variables is { Count: > 0 } ? Document.From(variables) : null).Execute(cancellationToken);
    }

    /// <summary>The plan in place of the one that is there: jobs were added to the build.</summary>
    public async Task Replace(BuildId id, BuildPlan plan, CancellationToken cancellationToken = default) => await database.Command(
        "update plans set plan = $5 where tenant = $1 and org = $2 and project = $3 and number = $4",
        id.Project.Tenant, id.Project.Org, id.Project.Name, id.Number, Packed(plan)).Execute(cancellationToken);

    private static byte[] Packed(BuildPlan plan)
    {
        using var compressor = new Compressor(3);
        return compressor.Wrap(JsonSerializer.SerializeToUtf8Bytes(plan, ApiJson.Options)).ToArray();
    }

    /// <summary>Empty when there are none.</summary>
    public async Task<IReadOnlyList<ProjectVariable>> Variables(BuildId id, CancellationToken cancellationToken = default) =>
        await database.Command(
            "select variables from plans where tenant = $1 and org = $2 and project = $3 and number = $4 and variables is not null",
            id.Project.Tenant, id.Project.Org, id.Project.Name, id.Number).First(Document.Read<List<ProjectVariable>>, cancellationToken) ?? [];

    public async Task<BuildPlan?> Load(BuildId id, CancellationToken cancellationToken = default)
    {
        var bytes = await database.Command(
            "select plan from plans where tenant = $1 and org = $2 and project = $3 and number = $4",
            id.Project.Tenant, id.Project.Org, id.Project.Name, id.Number).First(row => row.GetFieldValue<byte[]>(0), cancellationToken);
        if (bytes is null) return null;
        using var decompressor = new Decompressor();
        var plan = JsonSerializer.Deserialize<BuildPlan>(decompressor.Unwrap(bytes), ApiJson.Options)
            ?? throw new InvalidDataException($"The plan of {id} is empty.");
        return plan.SchemaVersion <= KnownSchema
            ? plan
            : throw new InvalidDataException($"The plan of {id} has schema {plan.SchemaVersion}; this program knows up to {KnownSchema}. Run a newer PRTS.");
    }
}
