using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Npgsql;
using PRTS.Audit.Checkpoints;
using PRTS.Storage.Access;
using PRTS.Storage.Agents;
using PRTS.Storage.Artifacts;
using PRTS.Storage.Audit;
using PRTS.Storage.Blobs;
using PRTS.Storage.Builds;
using PRTS.Storage.Caches;
using PRTS.Storage.Environments;
using PRTS.Storage.Git;
using PRTS.Storage.Logs;
using PRTS.Storage.Projects;
using PRTS.Storage.Schedules;
using PRTS.Storage.Secrets;
using PRTS.Storage.Secrets.Keys;
using PRTS.Storage.Secrets.Sealing;
using PRTS.Storage.Secrets.Vault;
using PRTS.Storage.Settings;
using PRTS.Storage.Users;
using PRTS.Storage.Variables;
using PRTS.Storage.Webhooks;

namespace PRTS.Storage;

public static class StorageServices
{
    /// <summary>Registers all of storage, each as a singleton. <c>Migrations.Apply</c> is the host's to call, before anything reads.</summary>
    public static IServiceCollection AddPrtsStorage(this IServiceCollection services, StorageOptions options)
    {
        services.TryAddSingleton(TimeProvider.System);
        services.AddSingleton(options);
        services.TryAddSingleton(_ => NpgsqlDataSource.Create(options.ConnectionString));
        services.AddSingleton<ProjectsReadModel>();
        services.AddSingleton<UsualTimes>();
        services.AddSingleton<BuildsReadModel>();
        services.AddSingleton<PlanStore>();
        services.AddSingleton<EnvironmentsStore>();
        services.AddSingleton<VariablesStore>();
        services.AddSingleton<WebhooksStore>();
        services.AddSingleton<AgentsReadModel>();
        services.AddSingleton<AgentIdentities>();
        services.AddSingleton<ArtifactsReadModel>();
        services.AddSingleton(options.Caches);
        services.AddSingleton<CachesStore>();
        services.AddSingleton<SchedulesStore>();
        services.AddSingleton<UsersStore>();
        services.AddSingleton<DirectoryReadModel>();
        services.AddSingleton<AccessFactsStore>();
        services.AddSingleton<AccessWatch>();
        services.AddSingleton<AccessFactsCache>();
        services.AddSingleton<AccessTokensStore>();
        services.AddSingleton<SettingsStore>();
        services.AddSecrets(options);
        services.TryAddSingleton<IAuditKey, SettingsAuditKey>();
        services.AddSingleton<AuditLog>();
        services.AddSingleton<AuditEntries>();
        services.AddSingleton<AuditCheckpoints>();
        services.AddSingleton(_ => BlobStores.Create(options));
        services.AddSingleton<BlobStoreCheck>();
        services.AddSingleton<LogStore>();
        services.AddSingleton<LogReader>();
        services.AddSingleton<BlobSweep>();
        services.AddSingleton(_ => new Repositories(options.RepositoriesPath));
        return services;
    }

    private static void AddSecrets(this IServiceCollection services, StorageOptions options)
    {
        services.TryAddSingleton(provider => Keyring.Create(options.KeysOrDefault, VaultHttp.Handler, provider.GetRequiredService<TimeProvider>()));
        services.AddSingleton<DataKeyCache>();
        services.AddSingleton<DataKeys>();
        services.AddSingleton<KeyRotation>();
        services.AddSingleton<Sealer>();
        services.AddSingleton<SecondFactorsStore>();
        services.AddSingleton<SealedSettings>();
        services.AddSingleton<SignInProvidersStore>();
        // Whoever decides what may be reached registers another before.
        services.TryAddSingleton<VaultHandlers>(VaultHttp.Handler);
        services.AddSingleton<VaultConnections>();
        services.AddSingleton<SecretsStore>();
    }
}
