using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using PRTS.Api;
using PRTS.Api.Agents;
using PRTS.Api.Artifacts;
using PRTS.Api.Builds;
using PRTS.Api.Caches;
using PRTS.Api.Environments;
using PRTS.Api.Projects;
using PRTS.Api.Secrets;
using PRTS.Audit;
using PRTS.Cli.Up;
using PRTS.Pipelines;
using PRTS.Pipelines.Planning;

namespace PRTS.Cli.Connection;

/// <summary>The dialect of <see cref="Api.ApiJson"/> without reflection, which would double the time that a command takes to start.</summary>
[JsonSourceGenerationOptions(JsonSerializerDefaults.Web, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull, NumberHandling = JsonNumberHandling.Strict)]
[JsonSerializable(typeof(IReadOnlyList<ProjectSummary>))]
[JsonSerializable(typeof(Page<ProjectSummary>))]
[JsonSerializable(typeof(CreateProject))]
[JsonSerializable(typeof(RefProtection))]
[JsonSerializable(typeof(IReadOnlyList<BuildSummary>))]
[JsonSerializable(typeof(Page<BuildSummary>))]
[JsonSerializable(typeof(StartBuild))]
[JsonSerializable(typeof(IReadOnlyList<ArtifactSummary>))]
[JsonSerializable(typeof(IReadOnlyList<ArtifactFile>))]
[JsonSerializable(typeof(IReadOnlyList<AgentSummary>))]
[JsonSerializable(typeof(AgentToken))]
[JsonSerializable(typeof(CreateAgentToken))]
[JsonSerializable(typeof(IReadOnlyList<EnvironmentSummary>))]
[JsonSerializable(typeof(EnvironmentSettings))]
[JsonSerializable(typeof(Page<DeploymentSummary>))]
[JsonSerializable(typeof(IReadOnlyList<DeploymentSummary>))]
[JsonSerializable(typeof(DeploymentDecision))]
[JsonSerializable(typeof(JobSummary))]
[JsonSerializable(typeof(IReadOnlyList<ProjectVariable>))]
[JsonSerializable(typeof(SetVariable))]
[JsonSerializable(typeof(IReadOnlyList<SecretSummary>))]
[JsonSerializable(typeof(SecretLimits))]
[JsonSerializable(typeof(VaultReference))]
[JsonSerializable(typeof(IReadOnlyList<VaultConnection>))]
[JsonSerializable(typeof(VaultConnection))]
[JsonSerializable(typeof(JsonObject))]
[JsonSerializable(typeof(KeyStatus))]
[JsonSerializable(typeof(CacheEntry))]
[JsonSerializable(typeof(RerunJobs))]
[JsonSerializable(typeof(OnceAnswer))]
[JsonSerializable(typeof(Page<CacheEntry>))]
[JsonSerializable(typeof(IReadOnlyList<Diagnostic>))]
[JsonSerializable(typeof(IReadOnlyList<StatusEntry>))]
[JsonSerializable(typeof(AuditPage))]
[JsonSerializable(typeof(IReadOnlyList<AuditEntry>))]
internal sealed partial class CliJson : JsonSerializerContext
{
    /// <summary>Prints for <c>--json</c>.</summary>
    public static void Print<T>(T value)
    {
        var options = new JsonSerializerOptions(Default.GeneratedSerializerOptions!) { WriteIndented = true, TypeInfoResolver = Default };
        Console.Out.WriteLine(JsonSerializer.Serialize(value, (JsonTypeInfo<T>)options.GetTypeInfo(typeof(T))));
    }
}
