using PRTS.Grains;
using PRTS.Silo.Cluster;
using PRTS.Silo.Configuration;
using PRTS.Silo.Operations;
using PRTS.Silo.Startup;
using PRTS.Storage;
using PRTS.Storage.Postgres;
using PRTS.Web;

try
{
    var options = ServerOptions.FromEnvironment();
    await using var foundation = await Foundation.Lay(options, TimeProvider.System);

    var builder = WebApplication.CreateBuilder(new WebApplicationOptions { Args = args, ContentRootPath = AppContext.BaseDirectory });
    builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(options.Listen, options.Port));
    builder.AddOperations(options);
    builder.AddServerSilo(options, foundation.Database, foundation.Authority);
    builder.Services.AddSingleton(foundation.Database);
    builder.Services.AddPrtsStorage(foundation.Storage);
    builder.Services.AddPrtsGrains(foundation.Grains);
    builder.Services.AddPrtsWeb(foundation.Web);
    builder.Services.AddPrtsPages();
    builder.Services.AddStartup(options);

    await using var app = builder.Build();
    app.MapOperations();
    app.MapCluster();
    app.MapDashboard();
    app.MapPrtsWeb();
    app.MapPrtsPages();
    await app.RunAsync();
    return 0;
}
catch (Exception problem) when (problem is InvalidSettingsException or UnusableDatabaseException or IOException or Npgsql.NpgsqlException)
{
    await Console.Error.WriteLineAsync($"prts-server: {problem.Message}");
    return 1;
}
