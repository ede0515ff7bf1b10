using PRTS.Grains;
using PRTS.Silo.Cluster;
using PRTS.Silo.Configuration;
using PRTS.Silo.Gateway;
using PRTS.Silo.Operations;
using PRTS.Silo.Startup;
using PRTS.Storage;
using PRTS.Web;

namespace PRTS.Silo;

/// <summary>The control plane put together: one line a slice.</summary>
public static class Server
{
    public static WebApplication Build(ServerOptions options, Foundation foundation, params string[] args)
    {
        var builder = WebApplication.CreateBuilder(new WebApplicationOptions
        {
            Args = args,
            ContentRootPath = AppContext.BaseDirectory,
            // The pages' files are listed under this name, also when another program builds the server.
            ApplicationName = typeof(Server).Assembly.GetName().Name,
        });
        builder.AddKestrelGateway(options, foundation.Certificates);
        builder.AddOperations(options);
        builder.AddServerSilo(options, foundation.Database, foundation.Authority);
        builder.Services.AddSingleton(foundation.Database);
        builder.Services.AddSingleton(foundation.Keyring);
        builder.Services.AddPrtsStorage(foundation.Storage);
        builder.Services.AddPrtsGrains(foundation.Grains);
        builder.Services.AddPrtsWeb(foundation.Web);
        builder.Services.AddPrtsPages();
        builder.Services.AddStartup(options);

        var app = builder.Build();
        foundation.Certificates?.Report = app.Services.GetRequiredService<ILogger<Certificates>>().LogCertificate;
        app.MapOperations();
        app.MapCluster();
        app.MapDashboard();
        app.MapPrtsWeb();
        app.MapPrtsPages();
        return app;
    }
}
