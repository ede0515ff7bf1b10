using System.Text.Json;
using Npgsql;
using PRTS.Api;
using PRTS.Contracts.Builds;
using PRTS.Pipelines.Planning;
using PRTS.Storage.Postgres;
using ZstdSharp;

namespace PRTS.Storage.Builds;

/// <summary>The plan of each build, as compressed JSON. It never changes once it is saved.</summary>
public sealed class PlanStore(NpgsqlDataSource database)
{
    private const int KnownSchema = 1;

    public async Task Save(BuildId id, BuildPlan plan, CancellationToken cancellationToken = default)
    {
        using var compressor = new Compressor(3);
        var bytes = compressor.Wrap(JsonSerializer.SerializeToUtf8Bytes(plan, ApiJson.Options)).ToArray();
        await database.Command(
            "insert into plans (tenant, org, project, number, plan) values ($1, $2, $3, $4, $5) on conflict do nothing",
            id.Project.Tenant, id.Project.Org, id.Project.Name, id.Number, bytes).Execute(cancellationToken);
    }

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
